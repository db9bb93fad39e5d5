package com.decentdb.r2dbc.transport;

import java.time.Duration;
import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;

/** The way from a connection factory to its database. One per factory; thread-safe. */
public interface Transport {

    /**
     * Begins to load what the first session of a JVM waits for, and returns at once; later calls do nothing. It opens no
     * database and reports no error: {@link #connect} meets the error again.
     */
    void prepare();

    /**
     * Opens a session; cold, each subscriber gets its own. A session that arrives after its subscriber cancelled is closed
     * by the operators of the caller.
     *
     * @param timeout how long the database may take to open, or to close before it opens again; zero means without limit
     */
    Mono<Session> connect(Duration timeout);

    /** An executor that runs its tasks one at a time and in order on the driver's workers. */
    Executor newDelivery();

    /** How long the first response to a statement may take unless the options say otherwise; zero means without limit. */
    default Duration statementTimeout() {
        return Duration.ZERO;
    }

    /** Whether decimals are stored as text, so that they may have any number of digits. */
    default boolean textForNumbers() {
        return false;
    }

    /** The name of the database product. */
    default String product() {
        return "DecentDB";
    }

    /** The database as the user named it, for messages. Never holds a password or key. */
    String name();

    /**
     * Ends the use of the database that the transport itself makes; open sessions stay usable. Completes when the database
     * is closed, if its last session was one of this transport and is closed, or else at once. Cold and idempotent.
     */
    Mono<Void> close();
}
