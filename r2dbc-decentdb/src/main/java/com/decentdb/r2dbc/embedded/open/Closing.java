package com.decentdb.r2dbc.embedded.open;

import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.embedded.lane.SharedReadLanes;
import com.decentdb.r2dbc.transport.Errors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The end of a database without users, which statements that nobody waits for must not put off for ever. They are ended; where the
 * engine cannot do that, the database is given up after a while: it counts as closed, while its handles stay open until the engine
 * returns. So that they do not become ever more, a JVM has a bounded number of such databases; one more stays a database that
 * closes.
 */
final class Closing {

    private enum State {
        WAITING,
        GIVEN_UP,
        CLOSED
    }

    private static final Logger LOG = Loggers.getLogger(Closing.class);
    private static final int MAX_GIVEN_UP = 8;
    private static final AtomicInteger GIVEN_UP = new AtomicInteger();
    /** Statements that were accepted may run so long. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Database database;
    private final @Nullable SharedReadLanes readers;
    private final Runnable whenOver;
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

    // All that the end needs memory for is made before it begins.
    private final AtomicInteger partsOpen = new AtomicInteger(2);
    private final Runnable partClosed = this::partClosed;
    private final Persistent look = Persistent.of(this::look);
    private final Runnable closeWriter = this::closeWriter;
    private final Runnable writerClosed = this::writerClosed;
    private final WriteLease lease;
    private final Runnable closeLease = this::closeLease;
    private final WriteLease.Claimant end;
    private final Persistent closeHub;
    private final Persistent closeReaders;
    private final Persistent claimEnd;

    /**
     * Begins to watch a database that closes.
     *
     * @param whenOver runs once, when the database is closed or given up; must not throw
     */
    Closing(Database database, @Nullable SharedReadLanes readers, Runnable whenOver) {
        this.database = database;
        this.readers = readers;
        this.whenOver = whenOver;
        this.lease = database.lease();
        this.end = WriteLease.claim(
                "the end of the database", database.shared().writer(), () -> Persistent.insist(closeWriter));
        this.closeHub = Persistent.of(() -> database.hub().close(partClosed));
        this.closeReaders = Persistent.of(this::closeReaders);
        this.claimEnd = Persistent.of(() -> lease.acquire(end));
    }

    /** Closes everything, each part behind what uses it. Nothing has happened if there is no memory to begin. */
    void begin() {
        lookLater();
        closeReaders.begin();
        // The file may be deleted and created anew as soon as all is closed, so no handle of a watch may outlive that.
        closeHub.begin();
    }

    private void closeReaders() {
        if (readers == null) {
            partClosed.run();
        } else {
            readers.close(partClosed);
        }
    }

    private void partClosed() {
        if (partsOpen.decrementAndGet() == 0) {
            claimEnd.begin();
        }
    }

    private void closeWriter() {
        database.shared().committer().close(Errors.closed());
        database.queue().close(Errors.closed());
        database.checkpoints().last();
        database.shared().writer().close(writerClosed);
    }

    private void writerClosed() {
        try {
            Persistent.insist(closeLease);
            database.letGo();
            if (!givenUp()) {
                database.forgetFile();
            }
        } finally {
            closed();
        }
    }

    private void closeLease() {
        lease.close();
    }

    private void lookLater() {
        DriverThreads.later(look::begin, PATIENCE_NANOS);
    }

    private void look() {
        if (state.get() != State.WAITING) {
            return;
        }
        if (stuck() && !database.interrupts() && mayGiveUp()) {
            giveUp();
            return;
        }
        try {
            endAll();
        } finally {
            lookLater();
        }
    }

    /** Whether a statement was to end and did not. */
    private boolean stuck() {
        return database.shared().writer().interrupts().pending() || (readers != null && readers.stuck());
    }

    private void endAll() {
        database.shared().writer().interrupts().endAny();
        if (readers != null) {
            readers.endAll();
        }
    }

    private static boolean mayGiveUp() {
        return GIVEN_UP.getAndUpdate(now -> Math.min(MAX_GIVEN_UP, now + 1)) < MAX_GIVEN_UP;
    }

    private void giveUp() {
        if (state.compareAndSet(State.WAITING, State.GIVEN_UP)) {
            try {
                LOG.warn(
                        "The database " + database.config().described()
                                + " was given up: a statement runs that this engine cannot stop. Its handles stay open until that ends");
            } finally {
                whenOver.run();
            }
        } else {
            GIVEN_UP.decrementAndGet();
        }
    }

    /** Whether the file may be in use anew. */
    private boolean givenUp() {
        return state.get() == State.GIVEN_UP;
    }

    /** All handles are closed. */
    private void closed() {
        if (state.compareAndSet(State.WAITING, State.CLOSED)) {
            whenOver.run();
        } else {
            GIVEN_UP.decrementAndGet();
        }
    }
}
