package com.decentdb.r2dbc.api;

/** The state of a transaction as its connection and the engine see it, which {@link DecentDbConnection#transactionState()} finds. */
public enum TransactionState {

    /** There is none: each statement is a transaction. */
    NONE,

    /**
     * The connection has begun one in which no statement has run yet, so that the engine has not begun it: it does so with the
     * first statement, which may wait for the write lock meanwhile.
     */
    BEGUN,

    /** The engine has it open. */
    ACTIVE,

    /**
     * The connection has one that the engine, or the timeout of an idle transaction, has rolled back; all it did is gone. Statements
     * and the commit fail with {@code 40000} or {@code 25P03}; {@link DecentDbConnection#rollbackTransaction()} ends it.
     */
    LOST
}
