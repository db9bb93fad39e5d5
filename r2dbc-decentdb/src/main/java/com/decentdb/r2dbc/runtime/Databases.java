package com.decentdb.r2dbc.runtime;

import com.decentdb.ffi.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The databases this JVM has open, one per canonical path or memory name, counted by their users. */
final class Databases {

    private static final Map<String, Entry> OPEN = new HashMap<>();

    private static final Executor OPENER = new ElasticPool("decentdb-open");

    /** A database and those who use it. Guarded by {@link #OPEN}. */
    private static final class Entry {

        private final Database database;
        private final List<Exchange<Reference>> opening = new ArrayList<>();
        private final List<Runnable> afterClose = new ArrayList<>();
        private int users;
        private boolean open;
        private boolean closing;
        private @Nullable ScheduledFuture<?> linger;
        private @Nullable Object file;

        Entry(Database database) {
            this.database = database;
        }

        /** Whether the path leads to another file than the open one, whose rows would be gone with its last handle. */
        boolean lost(@Nullable Object found) {
            return file != null && !file.equals(found);
        }
    }

    /** A counted use of an open database. */
    static final class Reference {

        private final String key;
        private final Entry entry;
        private boolean released;

        private Reference(String key, Entry entry) {
            this.key = key;
            this.entry = entry;
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
                long nanos = entry.database.config().linger().toNanos();
                entry.linger = Threads.TIMER.schedule(() -> closeUnused(key, entry), nanos, TimeUnit.NANOSECONDS);
            }
        }
    }

    private Databases() {}

    /** Opens a database or joins those who use it; touches the file system on a thread of its own. */
    static void acquire(DatabaseConfig config, Exchange<Reference> exchange) {
        OPENER.execute(() -> {
            if (!exchange.start()) {
                return;
            }
            try {
                NativeLibrary library = NativeLibrary.load(config.nativeLibrary());
                Path path = config.path();
                DatabaseConfig canonical = path == null ? config : withPath(config, canonical(path));
                join(canonical, library, exchange);
            } catch (Throwable e) {
                exchange.fail(Errors.map(e, null));
            }
        });
    }

    private static void join(DatabaseConfig config, NativeLibrary library, Exchange<Reference> exchange) {
        Path path = config.path();
        String key = path == null ? "mem:" + config.name() : path.toString();
        Object file = identity(path);
        Entry created;
        synchronized (OPEN) {
            Entry entry = OPEN.get(key);
            if (entry != null && entry.open && !entry.closing) {
                boolean lost = entry.lost(file) && entry.lost(identity(path));
                if (lost && entry.users > 0) {
                    exchange.fail(Errors.of(
                            "58000",
                            "The database file " + key + " was deleted or replaced while connections of this JVM still"
                                    + " use it; close them first",
                            null));
                    return;
                }
                if (entry.users == 0 && (lost || !entry.database.config().compatible(config))) {
                    // It only lingers, and this request cannot share it.
                    entry.closing = true;
                    close(key, entry);
                }
            }
            if (entry != null && entry.closing) {
                entry.afterClose.add(() -> join(config, library, exchange));
                return;
            }
            if (entry != null && !entry.database.config().compatible(config)) {
                exchange.fail(Errors.of(
                        "08001",
                        "The database " + key + " is open in this JVM with other engine options ('"
                                + publicOptions(entry.database.config()) + "' instead of '" + publicOptions(config)
                                + "'); use the same options, or close its connections first",
                        null));
                return;
            }
            if (entry != null) {
                entry.users++;
                ScheduledFuture<?> linger = entry.linger;
                if (linger != null) {
                    linger.cancel(false);
                    entry.linger = null;
                }
                if (!entry.open) {
                    entry.opening.add(exchange);
                    return;
                }
                exchange.answer(new Reference(key, entry));
                return;
            }
            created = new Entry(new Database(config, library));
            created.users = 1;
            created.opening.add(exchange);
            OPEN.put(key, created);
        }
        created.database.open(() -> opened(key, created), error -> failed(key, created, error));
    }

    private static void opened(String key, Entry entry) {
        Object file = identity(entry.database.config().path());
        List<Exchange<Reference>> waiting;
        synchronized (OPEN) {
            entry.file = file;
            entry.open = true;
            waiting = List.copyOf(entry.opening);
            entry.opening.clear();
        }
        waiting.forEach(exchange -> exchange.answer(new Reference(key, entry)));
    }

    private static void failed(String key, Entry entry, Throwable error) {
        List<Exchange<Reference>> waiting;
        synchronized (OPEN) {
            OPEN.remove(key, entry);
            waiting = List.copyOf(entry.opening);
        }
        waiting.forEach(exchange -> exchange.fail(error));
    }

    private static void closeUnused(String key, Entry entry) {
        synchronized (OPEN) {
            if (entry.users > 0 || entry.closing) {
                return;
            }
            entry.closing = true;
        }
        close(key, entry);
    }

    private static void close(String key, Entry entry) {
        entry.database.close(() -> {
            List<Runnable> next;
            synchronized (OPEN) {
                OPEN.remove(key, entry);
                next = List.copyOf(entry.afterClose);
            }
            next.forEach(OPENER::execute);
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

    /** What tells a file from one created later under its name; null if there is none, or the system does not say. */
    private static @Nullable Object identity(@Nullable Path path) {
        try {
            return path == null
                    ? null
                    : Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    private static DatabaseConfig withPath(DatabaseConfig config, Path path) {
        return new DatabaseConfig(
                path,
                config.name(),
                config.nativeLibrary(),
                config.mode(),
                config.engineOptions(),
                config.maxReaders(),
                config.queueThreads(),
                config.queueCapacity(),
                config.maxPendingWrites(),
                config.statementCacheSize(),
                config.linger(),
                config.checkpointIdle());
    }

    private static String publicOptions(DatabaseConfig config) {
        return config.engineOptions().replaceAll("(?i)((?:encryption|tde)_key(?:_hex)?)=[^;]*", "$1=***");
    }
}
