/**
 * dqlite's wire protocol, version 1: requests to bytes, bytes to replies. All numbers are little-endian, the unit is the word of
 * eight bytes. It knows neither SQL nor sockets nor types of R2DBC. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.cluster.wire;

import org.jspecify.annotations.NullMarked;
