/**
 * The counts of one database in this process, and its meters, which Micrometer keeps where it is on the class path. Only
 * {@code MicrometerMeters} uses that. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.embedded.meter;

import org.jspecify.annotations.NullMarked;
