package com.decentdb.r2dbc.transport;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How to begin a transaction.
 *
 * @param readOnly whether it only reads; then it takes no write lock and sees one snapshot
 * @param lockWait how long its first statement waits for the write lock; zero means not at all
 * @param idleTimeout after which time without a statement it is rolled back; zero means never
 * @param timeout after which time it is rolled back, whatever it does; zero means never
 * @param name what to call it in messages, null for nothing in particular
 */
public record TransactionOptions(
        boolean readOnly,
        Duration lockWait,
        Duration idleTimeout,
        Duration timeout,
        @Nullable String name) {

    @Override
    public String toString() {
        return name == null ? "transaction" : "transaction '" + Errors.shorten(name) + "'";
    }

    /** The transaction as the holder of the write lock, for the error of those that wait. */
    public String holder() {
        return name == null ? "a transaction without a name" : "the " + this;
    }
}
