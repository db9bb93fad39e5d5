/** The driver over a cluster that loses its leader. */
@NullMarked
package com.decentdb.examples.cluster;

import org.jspecify.annotations.NullMarked;
