/**
 * Copies of a database of a cluster: its files as a node sends them, in pieces, and what writes them to files here. Connections are
 * confined to one event loop, files to the driver's workers. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.cluster.dump;

import org.jspecify.annotations.NullMarked;
