/**
 * The driver's own threads, and the tasks that are handed to them without taking memory. It knows nothing of requests, answers and
 * queues. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.delivery.threads;

import org.jspecify.annotations.NullMarked;
