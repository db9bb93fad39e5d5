/** The nodes of a cluster: where they are kept between runs, and how they are administered. */
@NullMarked
package com.decentdb.r2dbc.api.cluster;

import org.jspecify.annotations.NullMarked;
