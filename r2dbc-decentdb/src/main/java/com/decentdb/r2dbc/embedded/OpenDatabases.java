package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeLibrary;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.DriverThreads;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Waits;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The databases this JVM has open, one per canonical path or memory name, counted by their users. */
final class OpenDatabases {

    private static final Map<String, Entry> OPEN = new HashMap<>();
    private static final Executor OPENER = DriverThreads.workers();

    /** A database and its users. Guarded by {@link #OPEN}. */
    private static final class Entry {

        private enum State {
            OPENING,
            OPEN,
            CLOSING
        }

        private final Database database;
        /** The factory that opened it; another factory that wants to create the file is refused. */
        private final Object creator;

        private final List<Opening> opening = new ArrayList<>();
        private final List<Opening> afterClose = new ArrayList<>();
        private final List<Runnable> whenClosed = new ArrayList<>();
        /** The one whose connection was the last; not its live data, which belongs to the database. */
        private @Nullable Owner lastOwner;

        private int users;
        private State state = State.OPENING;
        private @Nullable ScheduledFuture<?> linger;

        Entry(Database database, Object creator) {
            this.database = database;
            this.creator = creator;
        }
    }

    /** Stands for a factory, which stays collectable. Once it is closed, no database lingers for it. */
    static final class Owner {

        private volatile boolean closed;
    }

    /** A request to use a database. */
    private static final class Opening {

        /** The asking {@link Owner}, or the open database itself for one of its sessions. */
        private final Object factory;

        /** The configuration that is asked for, with the canonical path. */
        private final EmbeddedConfig config;

        private final NativeLibrary library;
        private final Exchange<Reference> exchange;
        private final long deadline;
        private final AtomicBoolean settled = new AtomicBoolean();
        private @Nullable ScheduledFuture<?> timer;

        Opening(
                Object factory,
                EmbeddedConfig config,
                NativeLibrary library,
                long deadline,
                Exchange<Reference> exchange) {
            this.factory = factory;
            this.config = config;
            this.library = library;
            this.deadline = deadline;
            this.exchange = exchange;
        }

        void opened(String key, Entry entry) {
            Reference reference = new Reference(key, entry, factory, config.linger());
            if (settle()) {
                exchange.answer(reference);
            } else {
                reference.release();
            }
        }

        void fail(Throwable error) {
            if (settle()) {
                exchange.fail(error);
            }
        }

        private boolean settle() {
            synchronized (OPEN) {
                if (timer != null) {
                    timer.cancel(false);
                }
            }
            return settled.compareAndSet(false, true);
        }

        /** Bounds the wait for a database that opens or closes; guarded by {@link #OPEN}. */
        void waitFor(Entry entry) {
            if (timer == null && deadline != WaitQueue.Waiter.NEVER) {
                timer = DriverThreads.TIMER.schedule(
                        () -> fail(late(entry)), deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
        }

        private R2dbcException late(Entry entry) {
            String database = "The database " + config.described();
            boolean closing;
            synchronized (OPEN) {
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
            OPENER.execute(this::join);
        }

        void join() {
            try {
                OpenDatabases.join(this);
            } catch (Throwable e) {
                fail(NativeErrors.map(e, null));
            }
        }
    }

    /** A counted use of an open database. */
    static final class Reference {

        private final String key;
        private final Entry entry;
        private final Object factory;
        private final Duration linger;
        private boolean released;

        private Reference(String key, Entry entry, Object factory, Duration linger) {
            this.key = key;
            this.entry = entry;
            this.factory = factory;
            this.linger = linger;
        }

        Database database() {
            return entry.database;
        }

        /** Ends the use; the last one lets the database close after its linger time. Idempotent. */
        void release() {
            synchronized (OPEN) {
                if (released) {
                    return;
                }
                released = true;
                if (factory instanceof Owner owner) {
                    entry.lastOwner = owner;
                }
                entry.users--;
                if (entry.users > 0) {
                    return;
                }
                Owner last = entry.lastOwner;
                long wait = last != null && last.closed ? 0 : linger.toNanos();
                entry.linger = DriverThreads.TIMER.schedule(() -> closeUnused(key, entry), wait, TimeUnit.NANOSECONDS);
            }
        }
    }

    private OpenDatabases() {}

    /**
     * Opens a database or joins its users; touches the file system on a worker.
     *
     * @param factory the asking {@link Owner}, or the open database for one of its sessions; the creator of a database may use
     *     it any number of times
     * @param timeout how long the database may take to open, or to close before that; zero means without limit
     */
    static void acquire(Object factory, EmbeddedConfig config, Duration timeout, Exchange<Reference> exchange) {
        long deadline = Deadlines.after(timeout.isZero() ? Waits.UNLIMITED : timeout);
        OPENER.execute(() -> {
            if (!exchange.start()) {
                return;
            }
            try {
                NativeLibrary library = NativeLibrary.load(config.nativeLibrary());
                Path path = config.path();
                EmbeddedConfig canonical = path == null ? config : config.at(canonical(path));
                new Opening(factory, canonical, library, deadline, exchange).join();
            } catch (Throwable e) {
                exchange.fail(NativeErrors.map(e, null));
            }
        });
    }

    private static void join(Opening opening) {
        EmbeddedConfig config = opening.config;
        Path path = config.path();
        String key = path == null ? "mem:" + config.name() : path.toString();
        Object file = DatabaseFile.identity(path);
        Entry created;
        synchronized (OPEN) {
            Entry entry = OPEN.get(key);
            if (entry != null) {
                R2dbcException refusal = entry.state == Entry.State.CLOSING ? null : refusal(key, entry, opening, file);
                if (refusal != null && entry.state == Entry.State.OPEN && entry.users == 0) {
                    // It only lingers, and this request cannot share it.
                    entry.state = Entry.State.CLOSING;
                    endLinger(entry);
                    close(key, entry);
                }
                if (entry.state == Entry.State.CLOSING) {
                    entry.afterClose.add(opening);
                    opening.waitFor(entry);
                } else if (refusal != null) {
                    opening.fail(refusal);
                } else {
                    join(key, entry, opening);
                }
                return;
            }
            created = new Entry(new Database(config, opening.library), opening.factory);
            created.users = 1;
            created.opening.add(opening);
            opening.waitFor(created);
            OPEN.put(key, created);
        }
        created.database.open(() -> opened(key, created), error -> failed(key, created, error));
    }

    private static void join(String key, Entry entry, Opening opening) {
        entry.users++;
        endLinger(entry);
        if (entry.state == Entry.State.OPEN) {
            opening.opened(key, entry);
        } else {
            entry.opening.add(opening);
            opening.waitFor(entry);
        }
    }

    private static void endLinger(Entry entry) {
        ScheduledFuture<?> linger = entry.linger;
        if (linger != null) {
            linger.cancel(false);
            entry.linger = null;
        }
    }

    /** Why an open database cannot be shared with a request, null if it can. */
    private static @Nullable R2dbcException refusal(String key, Entry entry, Opening opening, @Nullable Object file) {
        EmbeddedConfig config = opening.config;
        Database database = entry.database;
        if (entry.state == Entry.State.OPEN
                && database.hasLost(file)
                && database.hasLost(DatabaseFile.identity(config.path()))) {
            return database.lost();
        }
        boolean ownsIt = opening.factory.equals(entry.creator) || opening.factory.equals(database);
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

    private static void opened(String key, Entry entry) {
        List<Opening> waiting;
        synchronized (OPEN) {
            entry.state = Entry.State.OPEN;
            waiting = List.copyOf(entry.opening);
            entry.opening.clear();
        }
        waiting.forEach(opening -> opening.opened(key, entry));
    }

    private static void failed(String key, Entry entry, Throwable error) {
        List<Opening> waiting;
        synchronized (OPEN) {
            OPEN.remove(key, entry);
            waiting = List.copyOf(entry.opening);
        }
        // The first one asked for this opening; what the others ask for may succeed.
        waiting.get(0).fail(error);
        waiting.stream().skip(1).forEach(Opening::joinSoon);
    }

    private static void closeUnused(String key, Entry entry) {
        synchronized (OPEN) {
            if (entry.users > 0 || entry.state == Entry.State.CLOSING) {
                return;
            }
            entry.state = Entry.State.CLOSING;
            endLinger(entry);
        }
        close(key, entry);
    }

    private static void close(String key, Entry entry) {
        entry.database.close(() -> {
            List<Opening> next;
            List<Runnable> awaited;
            synchronized (OPEN) {
                OPEN.remove(key, entry);
                next = List.copyOf(entry.afterClose);
                awaited = List.copyOf(entry.whenClosed);
            }
            awaited.forEach(Runnable::run);
            next.forEach(Opening::joinSoon);
            DriverThreads.later(NativeLibrary::rest, TimeUnit.MILLISECONDS.toNanos(DriverThreads.IDLE_MILLIS));
        });
    }

    /**
     * Lets no database linger for a factory any more.
     *
     * @param whenClosed runs when the databases of which it had the last connection are closed, or at once if there is none
     */
    static void close(Owner owner, Runnable whenClosed) {
        Map<String, Entry> unused = new HashMap<>();
        AtomicInteger left = new AtomicInteger(1);
        Runnable closed = () -> {
            if (left.decrementAndGet() == 0) {
                whenClosed.run();
            }
        };
        synchronized (OPEN) {
            owner.closed = true;
            OPEN.forEach((key, entry) -> {
                if (entry.users == 0 && owner.equals(entry.lastOwner)) {
                    unused.put(key, entry);
                    left.incrementAndGet();
                    entry.whenClosed.add(closed);
                }
            });
        }
        unused.forEach(OpenDatabases::closeUnused);
        closed.run();
    }

    /** The real path of the file, or of its directory while the file does not exist; names a file once. */
    private static Path canonical(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        try {
            return absolute.toRealPath();
        } catch (IOException notThere) {
            Path directory = absolute.getParent();
            Path name = absolute.getFileName();
            try {
                return directory == null || name == null
                        ? absolute
                        : directory.toRealPath().resolve(name);
            } catch (IOException noDirectory) {
                return absolute;
            }
        }
    }
}
