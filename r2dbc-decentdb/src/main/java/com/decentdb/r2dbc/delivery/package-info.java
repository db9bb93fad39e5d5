/**
 * The hand-over of requests and answers, for every transport: the exchange of one request for one answer, queues, the write lease,
 * and work that is given back whatever happens. Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.delivery;

import org.jspecify.annotations.NullMarked;
