/**
 * The meters of clusters, which Micrometer keeps where it is on the class path. Only {@code MicrometerMeters} uses it. Internal to the
 * driver.
 */
@NullMarked
package com.decentdb.r2dbc.cluster.meter;

import org.jspecify.annotations.NullMarked;
