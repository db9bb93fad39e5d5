/** All that the sessions of one factory share, and the lines that one of them has alone. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.cluster.database;

import org.jspecify.annotations.NullMarked;
