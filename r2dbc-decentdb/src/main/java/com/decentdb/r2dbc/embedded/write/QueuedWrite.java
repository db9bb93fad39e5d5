package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.sql.SqlCommand;

/**
 * A write on its way to the engine's queue.
 *
 * @param sql the statement
 * @param arguments its arguments
 * @param exchange is answered with the number of rows changed
 */
@SuppressWarnings("ArrayRecordComponent") // compared by identity
public record QueuedWrite(SqlCommand sql, Value[] arguments, Exchange<Long> exchange) implements WaitQueue.Request {

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
