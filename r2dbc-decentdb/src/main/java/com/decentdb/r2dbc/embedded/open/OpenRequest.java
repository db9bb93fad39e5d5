package com.decentdb.r2dbc.embedded.open;

import com.decentdb.ffi.NativeLibrary;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A request to use a database. */
final class OpenRequest {

    /** The asking {@link OpenDatabases.Owner}, or the open database itself for one of its sessions. */
    final Object factory;

    /** The configuration that is asked for, with the canonical path. */
    final EmbeddedConfig config;

    final NativeLibrary library;
    private final Exchange<OpenDatabases.Reference> exchange;
    private final long deadline;
    private final AtomicBoolean settled = new AtomicBoolean();
    private final Task joining = Task.of(this::join);
    private @Nullable Future<?> timer;
    private OpenDatabases.@Nullable Reference reference;

    OpenRequest(
            Object factory,
            EmbeddedConfig config,
            NativeLibrary library,
            long deadline,
            Exchange<OpenDatabases.Reference> exchange) {
        this.factory = factory;
        this.config = config;
        this.library = library;
        this.deadline = deadline;
        this.exchange = exchange;
    }

    /** Why an open database cannot be shared with this request, null if it can; guarded by {@link OpenDatabases#LOCK}. */
    @Nullable
    R2dbcException refusal(String key, Entry entry, @Nullable Object file) {
        Database database = entry.database;
        if (entry.state == Entry.State.OPEN
                && database.hasLost(file)
                && database.hasLost(DatabaseFile.identity(config.path()))) {
            return database.lost();
        }
        boolean ownsIt = factory.equals(entry.creator) || factory.equals(database);
        if (config.mode() == EmbeddedConfig.Mode.CREATE && !ownsIt) {
            return Errors.of(
                    "58000",
                    "Cannot create the database " + key
                            + ": it is open in this JVM, and mode=create overwrites nothing;"
                            + " use mode=openOrCreate",
                    null);
        }
        String conflict = config.conflictWith(database.config());
        return conflict == null
                ? null
                : Errors.of(
                        "08001",
                        "The database " + key + " is open in this JVM with " + conflict
                                + "; use the same, or close its connections first",
                        null);
    }

    /** Prepares for the use of a database, before it is counted. */
    void prepare(Entry entry) {
        reference = new OpenDatabases.Reference(entry, factory, config.linger());
    }

    void opened() {
        OpenDatabases.Reference opened = Objects.requireNonNull(reference);
        if (settle()) {
            exchange.answer(opened);
        } else {
            opened.release();
        }
    }

    void fail(Throwable error) {
        if (settle()) {
            exchange.fail(error);
        }
    }

    private boolean settle() {
        synchronized (OpenDatabases.LOCK) {
            if (timer != null) {
                timer.cancel(false);
            }
        }
        return settled.compareAndSet(false, true);
    }

    /** Bounds the wait for a database that opens or closes; guarded by {@link OpenDatabases#LOCK}. */
    void waitFor(Entry entry) {
        if (timer == null && deadline != WaitQueue.Waiter.NEVER) {
            Persistent late = Persistent.of(() -> fail(late(entry)));
            timer = DriverThreads.timed(late::begin, deadline - System.nanoTime());
        }
    }

    private R2dbcException late(Entry entry) {
        String database = "The database " + config.described();
        boolean closing;
        synchronized (OpenDatabases.LOCK) {
            closing = entry.state == Entry.State.CLOSING;
            entry.afterClose.remove(this);
        }
        return closing
                ? Errors.of(
                        "08001",
                        database
                                + " is still closing: a statement of a connection that was closed before still runs,"
                                + " or a checkpoint takes long. Try again later, or raise connectTimeout",
                        null)
                : Errors.of(
                        "HYT01",
                        database + " could not be opened in time. Find what holds it, or raise connectTimeout",
                        null);
    }

    void joinSoon() {
        DriverThreads.workers().execute(joining);
    }

    void join() {
        try {
            OpenDatabases.join(this);
        } catch (Throwable e) {
            fail(NativeErrors.map(e, null));
        }
    }
}
