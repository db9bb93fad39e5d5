/** Arguments on their way to a node, and errors on their way back. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.cluster.statement;

import org.jspecify.annotations.NullMarked;
