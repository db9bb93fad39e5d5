package com.decentdb.r2dbc.embedded;

import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.TransactionOptions;
import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;

/** The errors of statements that a transaction does not run. */
record TransactionErrors(TransactionOptions options) {

    /** The wait for the write lock, or for a read lane if there are readers, took too long. */
    R2dbcException timeout(WriteLease lease, @Nullable ReadLanes readers, @Nullable String sql) {
        String who = "The first statement of " + (options.name() == null ? "the transaction" : "the " + options);
        return readers == null
                ? lease.timeout(who, options.lockWait(), sql)
                : readers.timeout(who, options.lockWait(), sql);
    }

    R2dbcException expired(@Nullable String sql) {
        return Errors.idleTooLong(options.idleTimeout(), sql);
    }

    /** A limit for whole transactions, which nothing here keeps. */
    static R2dbcException noTimeout() {
        return Errors.of(
                "0A000",
                "transactionTimeout is for databases on a cluster. Here idleTransactionTimeout ends forgotten transactions, and"
                        + " statementTimeout bounds their statements",
                null);
    }

    /** The transaction ended, with its connection or before it. */
    static R2dbcException over(boolean closed, String message, @Nullable String sql) {
        return closed ? Errors.closed() : Errors.of("25000", message, sql);
    }
}
