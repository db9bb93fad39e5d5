/** Sessions on a cluster, their transactions, and what the sessions of one factory share. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.cluster.session;

import org.jspecify.annotations.NullMarked;
