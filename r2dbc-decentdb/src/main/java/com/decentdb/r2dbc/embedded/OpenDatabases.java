package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeLibrary;
import com.decentdb.r2dbc.delivery.DriverThreads;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
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
        private int users;
        private State state = State.OPENING;
        private @Nullable ScheduledFuture<?> linger;
        private @Nullable Object file;

        Entry(Database database, Object creator) {
            this.database = database;
            this.creator = creator;
        }

        /** Whether the path leads to another file than the open one, whose rows would be gone with its last handle. */
        boolean lost(@Nullable Object found) {
            return file != null && !file.equals(found);
        }
    }

    /**
     * A request to use a database.
     *
     * @param factory the asking factory, or the open database itself for one of its sessions
     * @param config what is asked for, with the canonical path
     */
    private record Opening(Object factory, EmbeddedConfig config, NativeLibrary library, Exchange<Reference> exchange) {

        void opened(String key, Entry entry) {
            exchange.answer(new Reference(key, entry, config.linger()));
        }

        void joinSoon() {
            OPENER.execute(this::join);
        }

        void join() {
            try {
                OpenDatabases.join(this);
            } catch (Throwable e) {
                exchange.fail(NativeErrors.map(e, null));
            }
        }
    }

    /** A counted use of an open database. */
    static final class Reference {

        private final String key;
        private final Entry entry;
        private final Duration linger;
        private boolean released;

        private Reference(String key, Entry entry, Duration linger) {
            this.key = key;
            this.entry = entry;
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
                entry.users--;
                if (entry.users > 0) {
                    return;
                }
                entry.linger = DriverThreads.TIMER.schedule(
                        () -> closeUnused(key, entry), linger.toNanos(), TimeUnit.NANOSECONDS);
            }
        }
    }

    private OpenDatabases() {}

    /**
     * Opens a database or joins its users; touches the file system on a worker.
     *
     * @param factory the asking factory; the creator of a database may use it any number of times
     */
    static void acquire(Object factory, EmbeddedConfig config, Exchange<Reference> exchange) {
        OPENER.execute(() -> {
            if (!exchange.start()) {
                return;
            }
            try {
                NativeLibrary library = NativeLibrary.load(config.nativeLibrary());
                Path path = config.path();
                EmbeddedConfig canonical = path == null ? config : config.at(canonical(path));
                new Opening(factory, canonical, library, exchange).join();
            } catch (Throwable e) {
                exchange.fail(NativeErrors.map(e, null));
            }
        });
    }

    private static void join(Opening opening) {
        EmbeddedConfig config = opening.config();
        Path path = config.path();
        String key = path == null ? "mem:" + config.name() : path.toString();
        Object file = identity(path);
        Entry created;
        synchronized (OPEN) {
            Entry entry = OPEN.get(key);
            if (entry != null) {
                R2dbcException refusal = entry.state == Entry.State.CLOSING ? null : refusal(key, entry, opening, file);
                if (refusal != null && entry.state == Entry.State.OPEN && entry.users == 0) {
                    // It only lingers, and this request cannot share it.
                    entry.state = Entry.State.CLOSING;
                    close(key, entry);
                }
                if (entry.state == Entry.State.CLOSING) {
                    entry.afterClose.add(opening);
                } else if (refusal != null) {
                    opening.exchange().fail(refusal);
                } else {
                    join(key, entry, opening);
                }
                return;
            }
            created = new Entry(new Database(config, opening.library()), opening.factory());
            created.users = 1;
            created.opening.add(opening);
            OPEN.put(key, created);
        }
        created.database.open(() -> opened(key, created), error -> failed(key, created, error));
    }

    private static void join(String key, Entry entry, Opening opening) {
        entry.users++;
        ScheduledFuture<?> linger = entry.linger;
        if (linger != null) {
            linger.cancel(false);
            entry.linger = null;
        }
        if (entry.state == Entry.State.OPEN) {
            opening.opened(key, entry);
        } else {
            entry.opening.add(opening);
        }
    }

    /** Why an open database cannot be shared with a request, null if it can. */
    private static @Nullable R2dbcException refusal(String key, Entry entry, Opening opening, @Nullable Object file) {
        EmbeddedConfig config = opening.config();
        if (entry.state == Entry.State.OPEN && entry.lost(file) && entry.lost(identity(config.path()))) {
            return Errors.of(
                    "58000",
                    "The database file " + key + " was deleted or replaced while connections of this JVM still use it;"
                            + " close them first",
                    null);
        }
        boolean ownsIt =
                opening.factory().equals(entry.creator) || opening.factory().equals(entry.database);
        if (config.mode() == EmbeddedConfig.Mode.CREATE && !ownsIt) {
            return Errors.of(
                    "58000",
                    "Cannot create the database " + key
                            + ": it is open in this JVM, and mode=create overwrites nothing;"
                            + " use mode=openOrCreate",
                    null);
        }
        String conflict = config.conflictWith(entry.database.config());
        return conflict == null
                ? null
                : Errors.of(
                        "08001",
                        "The database " + key + " is open in this JVM with " + conflict
                                + "; use the same, or close its connections first",
                        null);
    }

    private static void opened(String key, Entry entry) {
        Object file = identity(entry.database.config().path());
        List<Opening> waiting;
        synchronized (OPEN) {
            entry.file = file;
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
        waiting.get(0).exchange().fail(error);
        waiting.stream().skip(1).forEach(Opening::joinSoon);
    }

    private static void closeUnused(String key, Entry entry) {
        synchronized (OPEN) {
            if (entry.users > 0 || entry.state == Entry.State.CLOSING) {
                return;
            }
            entry.state = Entry.State.CLOSING;
        }
        close(key, entry);
    }

    private static void close(String key, Entry entry) {
        entry.database.close(() -> {
            List<Opening> next;
            synchronized (OPEN) {
                OPEN.remove(key, entry);
                next = List.copyOf(entry.afterClose);
            }
            next.forEach(Opening::joinSoon);
        });
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

    /** The identity of a file, which one created later under its name does not share; null if there is none or the system has none. */
    private static @Nullable Object identity(@Nullable Path path) {
        try {
            return path == null
                    ? null
                    : Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }
}
