package com.decentdb.r2dbc.embedded.open;

import com.decentdb.ffi.NativeLibrary;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.Savepoint;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Waits;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** The databases this JVM has open, one per canonical path or memory name, counted by their users. */
public final class OpenDatabases {

    static final Object LOCK = new Object();

    /** Guarded by the lock. */
    private static final Map<String, Entry> OPEN = new HashMap<>();

    private static final Executor OPENER = DriverThreads.workers();
    private static final AtomicBoolean PREPARED = new AtomicBoolean();
    private static final Task PREPARATION = Task.of(OpenDatabases::prepare);

    /** Stands for a factory, which stays collectable. Once it is closed, no database lingers for it. */
    public static final class Owner {
        private volatile boolean closed;
    }

    /** A counted use of an open database. */
    public static final class Reference {

        private final Entry entry;
        private final Object factory;
        private final Duration linger;
        private final Persistent close;
        private boolean released;

        Reference(Entry entry, Object factory, Duration linger) {
            this.entry = entry;
            this.factory = factory;
            this.linger = linger;
            this.close = Persistent.of(() -> closeUnused(entry));
        }

        public Database database() {
            return entry.database;
        }

        /** Another use of the same database; to be taken while this one lasts. */
        public Reference share() {
            Reference shared = new Reference(entry, factory, linger);
            synchronized (LOCK) {
                entry.users++;
            }
            return shared;
        }

        /** Ends the use; the last one lets the database close after its linger time. Idempotent; needs no memory. */
        public void release() {
            if (lastUse()) {
                // There is no memory for a timer.
                close.begin();
            }
        }

        /** Ends the use; true if the database is to be closed now. */
        private boolean lastUse() {
            synchronized (LOCK) {
                if (released) {
                    return false;
                }
                released = true;
                if (factory instanceof Owner owner) {
                    entry.lastOwner = owner;
                }
                entry.users--;
                return entry.users == 0 && !lingers();
            }
        }

        private boolean lingers() {
            if (ExitHook.runs()) {
                return false;
            }
            Owner last = entry.lastOwner;
            try {
                entry.linger = DriverThreads.timed(close::begin, last != null && last.closed ? 0 : linger.toNanos());
                return true;
            } catch (Throwable e) {
                return false;
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
    public static void acquire(Object factory, EmbeddedConfig config, Duration timeout, Exchange<Reference> exchange) {
        long deadline = Deadlines.after(timeout.isZero() ? Waits.UNLIMITED : timeout);
        OPENER.execute(() -> {
            if (!exchange.start()) {
                return;
            }
            try {
                NativeLibrary library = NativeLibrary.load(config.nativeLibrary());
                Path path = config.path();
                DatabaseFile.createDirectories(config);
                EmbeddedConfig canonical = path == null ? config : config.at(DatabaseFile.canonical(path));
                new OpenRequest(factory, canonical, library, deadline, exchange).join();
            } catch (Throwable e) {
                exchange.fail(NativeErrors.map(e, null));
            }
        });
    }

    static void join(OpenRequest opening) {
        EmbeddedConfig config = opening.config;
        Path path = config.path();
        String key = path == null ? "mem:" + config.name() : path.toString();
        Object file = DatabaseFile.identity(path);
        Entry created;
        synchronized (LOCK) {
            Entry entry = OPEN.get(key);
            if (entry != null) {
                R2dbcException refusal = entry.state == Entry.State.CLOSING ? null : opening.refusal(key, entry, file);
                if (refusal != null && entry.state == Entry.State.OPEN && entry.users == 0) {
                    // It only lingers, and this request cannot share it.
                    entry.state = Entry.State.CLOSING;
                    endLinger(entry);
                    entry.close.begin();
                }
                if (entry.state == Entry.State.CLOSING) {
                    entry.afterClose.add(opening);
                    opening.waitFor(entry);
                } else if (refusal != null) {
                    opening.fail(refusal);
                } else {
                    join(entry, opening);
                }
                return;
            }
            created = new Entry(key, new Database(config, opening.library), opening.factory);
            opening.prepare(created);
            created.users = 1;
            created.opening.add(opening);
            OPEN.put(key, created);
            keepTimer(created);
        }
        try {
            synchronized (LOCK) {
                opening.waitFor(created);
            }
            created.database.open(created.opened::begin, created::fail);
        } catch (Throwable e) {
            created.fail(NativeErrors.map(e, null));
        }
    }

    private static void keepTimer(Entry created) {
        try {
            ExitHook.set();
            DriverThreads.keepTimer();
        } catch (Throwable e) {
            OPEN.remove(created.key, created);
            throw e;
        }
    }

    private static void join(Entry entry, OpenRequest opening) {
        opening.prepare(entry);
        if (entry.state == Entry.State.OPENING) {
            opening.waitFor(entry);
            entry.opening.add(opening);
        }
        entry.users++;
        endLinger(entry);
        if (entry.state == Entry.State.OPEN) {
            opening.opened();
        }
    }

    private static void endLinger(Entry entry) {
        Future<?> linger = entry.linger;
        if (linger != null) {
            linger.cancel(false);
            entry.linger = null;
        }
    }

    static void opened(Entry entry) {
        synchronized (LOCK) {
            entry.state = Entry.State.OPEN;
        }
        for (OpenRequest next = poll(entry.opening); next != null; next = poll(entry.opening)) {
            next.opened();
        }
        entry.database.meters().show();
        if (PREPARED.compareAndSet(false, true)) {
            OPENER.execute(PREPARATION);
        }
    }

    /** Loads what the driver does when something fails, behind the first connection. */
    private static void prepare() {
        NativeErrors.prepare();
        Savepoint.prepare();
        // An operator of Reactor, too, that cannot load what it needs for an error loses the error.
        Flux.just(1).concatMap(each -> Flux.error(Errors.outOfMemory()), 1).subscribe(each -> {}, error -> {});
    }

    static void failed(Entry entry) {
        synchronized (LOCK) {
            forget(entry);
        }
        // The first one asked for this opening; what the others ask for may succeed.
        OpenRequest first = poll(entry.opening);
        if (first != null) {
            first.fail(Objects.requireNonNull(entry.failure));
        }
        for (OpenRequest next = poll(entry.opening); next != null; next = poll(entry.opening)) {
            next.joinSoon();
        }
    }

    private static void forget(Entry entry) {
        if (OPEN.remove(entry.key, entry)) {
            DriverThreads.restTimer();
        }
        if (OPEN.isEmpty()) {
            ExitHook.take();
        }
    }

    /** Takes the first one of a list; needs no memory. */
    private static <T> @Nullable T poll(List<T> list) {
        synchronized (LOCK) {
            return list.isEmpty() ? null : list.remove(0);
        }
    }

    private static void closeUnused(Entry entry) {
        synchronized (LOCK) {
            if (entry.users > 0 || entry.state == Entry.State.CLOSING) {
                return;
            }
            entry.state = Entry.State.CLOSING;
            endLinger(entry);
        }
        entry.close.begin();
    }

    static void closed(Entry entry) {
        entry.database.meters().hide();
        synchronized (LOCK) {
            forget(entry);
        }
        for (Runnable next = poll(entry.whenClosed); next != null; next = poll(entry.whenClosed)) {
            next.run();
        }
        for (OpenRequest next = poll(entry.afterClose); next != null; next = poll(entry.afterClose)) {
            next.joinSoon();
        }
        DriverThreads.later(NativeLibrary::rest, TimeUnit.MILLISECONDS.toNanos(DriverThreads.IDLE_MILLIS));
    }

    /**
     * Lets no database linger for a factory any more.
     *
     * @param whenClosed runs when the databases of which it had the last connection are closed, or at once if there is none
     */
    public static void close(Owner owner, Runnable whenClosed) {
        synchronized (LOCK) {
            owner.closed = true;
        }
        closeUnused(entry -> owner.equals(entry.lastOwner), whenClosed);
    }

    /**
     * Closes the databases that only linger.
     *
     * @param whenClosed runs when they are closed, or at once if there is none
     */
    static void closeUnused(Predicate<Entry> which, Runnable whenClosed) {
        List<Entry> unused = new ArrayList<>();
        AtomicInteger left = new AtomicInteger(1);
        Runnable closed = () -> {
            if (left.decrementAndGet() == 0) {
                whenClosed.run();
            }
        };
        synchronized (LOCK) {
            OPEN.forEach((key, entry) -> {
                if (entry.users == 0 && which.test(entry)) {
                    unused.add(entry);
                    entry.whenClosed.add(closed);
                    left.incrementAndGet();
                }
            });
        }
        for (int i = 0; i < unused.size(); i++) {
            closeUnused(unused.get(i));
        }
        closed.run();
    }

    /** The databases that have users now. */
    static List<Database> inUse() {
        synchronized (LOCK) {
            List<Database> used = new ArrayList<>();
            OPEN.forEach((key, entry) -> {
                if (entry.users > 0 && entry.state == Entry.State.OPEN) {
                    used.add(entry.database);
                }
            });
            return used;
        }
    }

    /** Ends a session whose use of the database has ended: at once, or, if the JVM ends, when the database is closed. */
    public static void settle(Database database, Runnable whenDone) {
        if (ExitHook.runs() && waitsForClose(database, whenDone)) {
            return;
        }
        whenDone.run();
    }

    private static boolean waitsForClose(Database database, Runnable whenDone) {
        synchronized (LOCK) {
            for (Entry entry : OPEN.values()) {
                if (entry.database.equals(database) && entry.state == Entry.State.CLOSING) {
                    entry.whenClosed.add(whenDone);
                    return true;
                }
            }
            return false;
        }
    }

    /**
     * Lets the engine forget what it keeps in memory about a file, in a started exchange. A database that only lingers is closed
     * before; one that is used is refused.
     */
    public static void evict(Path path, Exchange<Void> exchange) {
        try {
            String key = DatabaseFile.canonical(path).toString();
            NativeLibrary library = NativeLibrary.load(null);
            Entry unused;
            synchronized (LOCK) {
                unused = OPEN.get(key);
                if (unused == null) {
                    library.evictSharedWal(key);
                } else if (unused.users > 0) {
                    throw Errors.of(
                            "55006",
                            "The database " + key + " is open in this JVM; close its connections and live data first",
                            null);
                } else {
                    unused.whenClosed.add(() -> evict(path, exchange));
                }
            }
            if (unused == null) {
                exchange.answer(null);
            } else {
                closeUnused(unused);
            }
        } catch (Throwable e) {
            exchange.fail(NativeErrors.map(e, null));
        }
    }
}
