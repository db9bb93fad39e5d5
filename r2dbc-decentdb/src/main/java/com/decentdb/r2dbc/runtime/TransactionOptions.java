package com.decentdb.r2dbc.runtime;

import java.time.Duration;

/**
 * How to begin a transaction.
 *
 * @param readOnly whether it only reads; then it needs no write lease and sees one snapshot
 * @param lockWait how long to wait for the right to write; zero means not at all
 */
public record TransactionOptions(boolean readOnly, Duration lockWait) {}
