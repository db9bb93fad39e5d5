/** The driver over a cluster. */
@NullMarked
package com.decentdb.r2dbc.cluster;

import org.jspecify.annotations.NullMarked;
