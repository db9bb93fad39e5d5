package com.decentdb.r2dbc.runtime;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.watch.EngineEvent;
import com.decentdb.r2dbc.watch.WatchHub;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One open database: its lanes, its write lease and its watches. Shared by all sessions of the JVM. */
final class Database {

    private final DatabaseConfig config;
    private final NativeLibrary library;
    private final String nativePath;
    private final String label;
    private final Shapes shapes = new Shapes();
    private final WriteLease lease = new WriteLease();
    private final Lane writer;
    private final @Nullable ReaderLanes readers;
    private final GroupCommitter committer;
    private final QueuedWriter queue;
    private final WatchHub hub;
    private final AtomicBoolean checkpointPlanned = new AtomicBoolean();
    private final AtomicLong commits = new AtomicLong();
    private volatile long lastCommit = System.nanoTime();
    private volatile boolean closing;

    Database(DatabaseConfig config, NativeLibrary library) {
        this.config = config;
        this.library = library;
        Path path = config.path();
        this.nativePath = path == null ? ":memory:" : path.toString();
        this.label = path == null ? config.name() : String.valueOf(path.getFileName());
        this.writer = lane("writer", config.mode());
        // A database in memory belongs to its handle, so reading and writing share one lane, in turns.
        this.readers = config.inMemory()
                ? null
                : new ReaderLanes(config.maxReaders(), n -> lane("reader-" + n, DatabaseConfig.Mode.OPEN));
        this.committer = new GroupCommitter(writer, lease, config.maxPendingWrites(), this::committed);
        this.queue = new QueuedWriter(
                writer,
                lease,
                "decentdb-queue-" + label,
                config.queueThreads(),
                config.queueCapacity(),
                this::committed);
        this.hub = new WatchHub(
                config.inMemory() ? new LaneWatchSource(writer, lease) : new HandleWatchSource(this::openReader),
                Threads.daemon("decentdb-watch-" + label),
                error -> Errors.map(error, null),
                this::observed);
    }

    DatabaseConfig config() {
        return config;
    }

    Lane writer() {
        return writer;
    }

    /** The lanes that read; null if the writer's lane is the only one. */
    @Nullable
    ReaderLanes readers() {
        return readers;
    }

    WriteLease lease() {
        return lease;
    }

    GroupCommitter committer() {
        return committer;
    }

    QueuedWriter queue() {
        return queue;
    }

    WatchHub hub() {
        return hub;
    }

    Shapes shapes() {
        return shapes;
    }

    EngineInfo engine() {
        return EmbeddedRuntime.describe(library);
    }

    /** Something was committed: tells the watches and plans a checkpoint for when things are quiet. */
    void committed() {
        commits.incrementAndGet();
        shapes.committed();
        lastCommit = System.nanoTime();
        hub.nudge();
        Duration idle = config.checkpointIdle();
        if (!config.inMemory() && !idle.isZero() && checkpointPlanned.compareAndSet(false, true)) {
            Threads.later(this::checkpointIfIdle, idle.toNanos());
        }
    }

    /**
     * A watch heard of a commit, which any handle of the process may have made, before whoever made it through this
     * driver says so: what is read from now on has to see it.
     */
    private void observed(EngineEvent commit) {
        commits.incrementAndGet();
        if (commit.schemaChanged()) {
            shapes.clear();
        }
    }

    /**
     * Makes a reader's handle see all commits acknowledged so far. An engine other than the bundled one may answer a kept
     * statement from what its handle holds in memory; beginning a transaction makes that handle look at the log.
     */
    void refresh(Lane lane) {
        long latest = commits.get();
        if (!library.bundled() && lane.seesUpTo(latest)) {
            lane.database().begin();
            lane.database().rollback();
        }
    }

    /** Opens the handle of the writer on its thread. */
    void open(Runnable whenOpen, Consumer<Throwable> whenFailed) {
        writer.execute(() -> {
            try {
                writer.database();
            } catch (Throwable e) {
                writer.close(() -> {});
                whenFailed.accept(Errors.map(e, null));
                return;
            }
            whenOpen.run();
        });
    }

    /** Ends everything behind the work that was accepted already; a last checkpoint included. */
    void close(Runnable whenClosed) {
        closing = true;
        List<Lane> reading = readers == null ? List.of() : readers.all();
        AtomicInteger left = new AtomicInteger(reading.size() + 1);
        Runnable closeWriter = () -> {
            if (left.decrementAndGet() == 0) {
                lease.acquire(WriteLease.claim("the end of the database", () -> closeWriter(whenClosed)));
            }
        };
        reading.forEach(lane -> lane.close(closeWriter));
        // The file may be deleted and created anew as soon as all is closed, so no handle of a watch may outlive that.
        hub.close(closeWriter);
    }

    private void closeWriter(Runnable whenClosed) {
        writer.execute(() -> {
            committer.close(Errors.closed());
            queue.close(Errors.closed());
            checkpointQuietly();
            writer.close(whenClosed);
        });
    }

    private void checkpointIfIdle() {
        checkpointPlanned.set(false);
        long quiet = System.nanoTime() - lastCommit;
        boolean busy = lease.held() || (readers != null && readers.busy() > 0);
        if (closing) {
            return;
        }
        if (busy || quiet < config.checkpointIdle().toNanos()) {
            if (checkpointPlanned.compareAndSet(false, true)) {
                Threads.later(this::checkpointIfIdle, config.checkpointIdle().toNanos());
            }
            return;
        }
        lease.acquire(WriteLease.claim(
                "a checkpoint",
                () -> writer.execute(() -> {
                    checkpointQuietly();
                    lease.release();
                })));
    }

    /** A checkpoint nobody asked for: if it fails the log just stays longer, and an explicit one tells why. */
    private void checkpointQuietly() {
        try {
            if (!config.inMemory()) {
                writer.database().checkpoint();
            }
        } catch (RuntimeException e) {
            if (Errors.breaksHandle(e)) {
                writer.discardHandle();
            }
        }
    }

    private NativeDatabase openReader() {
        return openHandle(DatabaseConfig.Mode.OPEN);
    }

    private Lane lane(String role, DatabaseConfig.Mode mode) {
        return new Lane("decentdb-" + role + "-" + label, () -> openHandle(mode), shapes, config.statementCacheSize());
    }

    private NativeDatabase openHandle(DatabaseConfig.Mode mode) {
        try {
            return library.open(
                    nativePath,
                    config.inMemory() ? OpenMode.OPEN_OR_CREATE : OpenMode.valueOf(mode.name()),
                    config.engineOptions());
        } catch (RuntimeException e) {
            throw explain(e);
        }
    }

    /** Says which path could not be opened, and why as far as the file system tells. */
    private RuntimeException explain(RuntimeException e) {
        Path path = config.path();
        if (path == null || !(e instanceof NativeException refusal)) {
            return e;
        }
        R2dbcException mapped = Errors.map(e, null);
        Path directory = path.toAbsolutePath().getParent();
        String reason = "";
        if (directory != null && !Files.isDirectory(directory)) {
            reason = ": the directory " + directory + " does not exist; create it";
        } else if (Files.isDirectory(path)) {
            reason = ": it is a directory";
        } else if (Files.exists(path) && !Files.isReadable(path)) {
            reason = ": the file is not readable for this user";
        } else if (!Files.exists(path) && config.mode() == DatabaseConfig.Mode.OPEN) {
            reason = ": it does not exist, and mode=open creates nothing; use mode=openOrCreate";
        } else if (Files.exists(path) && config.mode() == DatabaseConfig.Mode.CREATE) {
            reason = ": it exists already, and mode=create overwrites nothing; use mode=openOrCreate";
        }
        boolean badOption = refusal.status() == Status.SQL;
        return Errors.of(
                badOption ? "08001" : String.valueOf(mapped.getSqlState()),
                "Cannot open the database " + path + reason + " (" + mapped.getMessage() + ")",
                mapped.getErrorCode(),
                e);
    }
}
