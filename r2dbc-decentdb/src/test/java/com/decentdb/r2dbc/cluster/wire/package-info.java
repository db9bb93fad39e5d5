/** The bytes of the wire protocol, as real nodes and other clients have exchanged them. */
@NullMarked
package com.decentdb.r2dbc.cluster.wire;

import org.jspecify.annotations.NullMarked;
