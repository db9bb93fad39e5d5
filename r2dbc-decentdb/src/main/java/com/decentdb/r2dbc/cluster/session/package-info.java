/** Sessions on a cluster. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.cluster.session;

import org.jspecify.annotations.NullMarked;
