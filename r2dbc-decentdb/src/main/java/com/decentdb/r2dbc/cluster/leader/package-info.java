/** Finds the node that leads the cluster, and knows the nodes there are. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.cluster.leader;

import org.jspecify.annotations.NullMarked;
