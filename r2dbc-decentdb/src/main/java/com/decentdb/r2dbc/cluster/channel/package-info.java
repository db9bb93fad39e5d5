/**
 * Connections to nodes over Netty: one request in flight on each, rows read when they are asked for. Everything here happens on
 * the event loop of a channel, where no user's code runs. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.cluster.channel;

import org.jspecify.annotations.NullMarked;
