/**
 * The transport of a dqlite cluster: sessions without a socket of their own, over a handful of connections to the leader.
 * Everything of one factory is confined to one event loop, its loop; users are on other threads, and get there and back through
 * exchanges. No native code is loaded. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.cluster;

import org.jspecify.annotations.NullMarked;
