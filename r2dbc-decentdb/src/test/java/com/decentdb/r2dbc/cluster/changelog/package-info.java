/** Tests of the change log of a cluster. */
@NullMarked
package com.decentdb.r2dbc.cluster.changelog;

import org.jspecify.annotations.NullMarked;
