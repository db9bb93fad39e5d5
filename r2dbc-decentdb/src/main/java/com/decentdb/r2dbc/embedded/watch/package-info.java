/**
 * Watches: one thread per database that alone creates, polls and closes the engine's watches, and hands their events to
 * any number of subscribers. The thread exists only while there are subscribers. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.embedded.watch;

import org.jspecify.annotations.NullMarked;
