/**
 * The administration of a cluster: calls to the leader or to one node, dumps, and the changes of leaders. Everything is confined to one
 * event loop; signals leave it for the driver's workers. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.cluster.admin;

import org.jspecify.annotations.NullMarked;
