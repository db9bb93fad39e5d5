package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.delivery.DriverThreads;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.SchemaVersion;
import com.decentdb.r2dbc.embedded.lane.SharedReadLanes;
import com.decentdb.r2dbc.embedded.watch.HandleWatchSource;
import com.decentdb.r2dbc.embedded.watch.LaneWatchSource;
import com.decentdb.r2dbc.embedded.watch.WatchHub;
import com.decentdb.r2dbc.embedded.write.GroupCommitter;
import com.decentdb.r2dbc.embedded.write.PinnedLane;
import com.decentdb.r2dbc.embedded.write.SessionLanes;
import com.decentdb.r2dbc.transport.Capabilities;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/** One open database: its lanes, its write lock and its watches. Shared by all sessions of the JVM. */
final class Database {

    private static final Logger LOG = Loggers.getLogger(Database.class);

    private final EmbeddedConfig config;
    private final NativeLibrary library;
    private final EngineTraits traits;
    private final String nativePath;
    private final String label;
    private final SchemaVersion schema;
    private final boolean locksFile;
    private final WriteLease lease = new WriteLease();
    private final Lane writer;
    private final @Nullable SharedReadLanes readers;
    private final SessionLanes shared;
    private final GroupCommitter queue;
    private final AtomicInteger pinned = new AtomicInteger();
    private final WatchHub hub;
    private final AtomicBoolean checkpointPlanned = new AtomicBoolean();
    private final AtomicLong commits = new AtomicLong();
    private volatile long lastCommit = System.nanoTime();
    private volatile boolean closing;
    private volatile boolean created;
    private volatile @Nullable Object file;
    private volatile @Nullable Future<?> nextCheckpoint;

    Database(EmbeddedConfig config, NativeLibrary library) {
        this.config = config;
        this.library = library;
        Path path = config.path();
        this.nativePath = path == null ? ":memory:" : path.toString();
        this.label = path == null ? config.name() : String.valueOf(path.getFileName());
        this.traits = EngineTraits.of(library);
        this.schema = new SchemaVersion(config.othersMayOpenIt() && traits.schemaVersionIsCheap());
        this.locksFile = traits.locksAtBegin() && !config.inMemory();
        this.writer = writingLane(
                config.inMemory()
                        ? "The engine failed, and the database in memory was lost with it; close all its connections and"
                                + " factories to begin anew"
                        : null);
        // A database in memory belongs to its handle, so reads and writes share one lane.
        this.readers = config.inMemory() ? null : new SharedReadLanes(config.maxReaders(), this::readingLane);
        this.shared = new SessionLanes(writer, readers, committer(writer));
        this.queue = committer(GroupCommitter.Terms.QUEUE, writer, config.queueCapacity());
        lease.whileLockedElsewhere(queue::sweep);
        this.hub = new WatchHub(
                config.inMemory() ? new LaneWatchSource(writer, lease) : new HandleWatchSource(this::openReader),
                DriverThreads.daemon("decentdb-watch-" + label),
                error -> NativeErrors.map(error, null),
                this::observed);
    }

    EmbeddedConfig config() {
        return config;
    }

    /** The lanes of all sessions that have no pinned lane. */
    SessionLanes shared() {
        return shared;
    }

    /**
     * A lane for one session alone.
     *
     * @throws R2dbcException if it cannot have one
     */
    PinnedLane pin() {
        if (config.inMemory()) {
            throw Errors.of(
                    "0A000",
                    "A database in memory has one native handle, which all its connections share, so none of them can have"
                            + " TEMP objects or settings of its own; use a database file",
                    null);
        }
        if (pinned.incrementAndGet() > config.maxPinned()) {
            pinned.decrementAndGet();
            throw Errors.of(
                    "53300",
                    config.maxPinned() + " connections of this database have TEMP objects or settings of their own"
                            + " already; close one or give it back to its pool, or raise maxPinnedConnections",
                    null);
        }
        Lane lane = writingLane(
                "The engine failed, and the TEMP objects and settings of this connection were lost with its handle; close"
                        + " the connection");
        return new PinnedLane(lane, committer(lane), pinned::decrementAndGet);
    }

    WriteLease lease() {
        return lease;
    }

    GroupCommitter queue() {
        return queue;
    }

    WatchHub hub() {
        return hub;
    }

    EngineInfo engine() {
        return new EngineInfo(
                library.version(),
                library.abiVersion(),
                library.path().toString(),
                library.source().name(),
                library.bundled());
    }

    Capabilities capabilities() {
        return new Capabilities(traits.rowChangesComplete(), traits.watchesRanges(), traits.interrupts());
    }

    /** Whether the engine ends a statement that runs. */
    boolean interrupts() {
        return traits.interrupts();
    }

    /** Called after each commit: wakes the watches and plans a checkpoint for a quiet moment. */
    void committed() {
        commits.incrementAndGet();
        lastCommit = System.nanoTime();
        hub.nudge();
        Duration idle = config.checkpointIdle();
        if (!config.inMemory() && !idle.isZero()) {
            planCheckpoint(idle);
        }
    }

    private void planCheckpoint(Duration idle) {
        if (!closing && checkpointPlanned.compareAndSet(false, true)) {
            nextCheckpoint = DriverThreads.TIMER.schedule(this::checkpointIfIdle, idle.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /**
     * A watch reported a commit, which any handle of the process may have made, before the lane that made it does: later
     * reads have to see it.
     */
    private void observed(WatchedEvent commit) {
        commits.incrementAndGet();
        if (commit.schemaChanged()) {
            schema.changed();
        }
    }

    /**
     * Makes the handle of a read lane see all commits acknowledged so far. An engine may answer a kept statement from what
     * its handle holds in memory; beginning a transaction makes that handle look at the log.
     */
    void refresh(Lane lane) {
        long latest = commits.get();
        if (traits.keptStatementsMayBeStale() && !lane.inTransaction() && lane.seesUpTo(latest)) {
            lane.begin();
            lane.rollback();
        }
    }

    /** Opens the handle of the writer. */
    void open(Runnable whenOpen, Consumer<Throwable> whenFailed) {
        writer.execute(() -> {
            try {
                writer.database();
            } catch (Throwable e) {
                writer.close(() -> {});
                whenFailed.accept(NativeErrors.map(e, null));
                return;
            }
            whenOpen.run();
        });
    }

    /**
     * Ends everything behind the work accepted so far, with a last checkpoint; later work is refused.
     *
     * @param whenOver runs once, when the database is closed or had to be given up
     */
    void close(Runnable whenOver) {
        closing = true;
        Closing end = new Closing(this, readers, whenOver);
        AtomicInteger left = new AtomicInteger(2);
        Runnable closeWriter = () -> {
            if (left.decrementAndGet() == 0) {
                lease.acquire(WriteLease.claim("the end of the database", writer, () -> closeWriter(end)));
            }
        };
        if (readers == null) {
            closeWriter.run();
        } else {
            readers.close(closeWriter);
        }
        // The file may be deleted and created anew as soon as all is closed, so no handle of a watch may outlive that.
        hub.close(closeWriter);
    }

    private void closeWriter(Closing end) {
        shared.committer().close(Errors.closed());
        queue.close(Errors.closed());
        Future<?> planned = nextCheckpoint;
        if (planned != null) {
            planned.cancel(false);
        }
        if (!traits.checkpointsAtClose()) {
            checkpointQuietly();
        }
        writer.close(() -> {
            lease.close();
            if (!end.givenUp()) {
                forgetFile();
            }
            end.closed();
        });
    }

    /** The file may be deleted and created anew from now on, and an engine may remember the old one by its path. */
    private void forgetFile() {
        try {
            if (!config.inMemory()) {
                library.evictSharedWal(nativePath);
            }
        } catch (RuntimeException e) {
            LOG.warn("The engine did not let go of " + nativePath, e);
        }
    }

    private void checkpointIfIdle() {
        checkpointPlanned.set(false);
        long quiet = System.nanoTime() - lastCommit;
        boolean busy = lease.held() || (readers != null && readers.busy() > 0);
        if (closing) {
            return;
        }
        if (busy || quiet < config.checkpointIdle().toNanos()) {
            planCheckpoint(config.checkpointIdle());
            return;
        }
        lease.acquire(WriteLease.claim("a checkpoint", writer, () -> {
            checkpointQuietly();
            lease.release();
        }));
    }

    /** A checkpoint that no caller asked for: if it fails the log only stays longer, and an explicit checkpoint reports why. */
    private void checkpointQuietly() {
        if (!config.inMemory() && !hasLost(identity(config.path()))) {
            try {
                writer.call(database -> {
                    database.checkpoint();
                    return database;
                });
            } catch (Throwable e) {
                LOG.debug("The log of " + nativePath + " was not moved into the file", e);
            }
        }
    }

    private Lane writingLane(@Nullable String lossMessage) {
        String options = locksFile ? config.engineOptionsOfWriter() : config.engineOptions();
        return new Lane(() -> openHandle(options), lossMessage, schema, locksFile, config.statementCacheSize());
    }

    private Lane readingLane() {
        return new Lane(this::openReader, null, schema, false, config.statementCacheSize());
    }

    private NativeDatabase openReader() {
        return openHandle(config.engineOptions());
    }

    private GroupCommitter committer(Lane lane) {
        return committer(GroupCommitter.Terms.AUTO_COMMIT, lane, config.maxPendingWrites());
    }

    private GroupCommitter committer(GroupCommitter.Terms terms, Lane lane, int capacity) {
        return new GroupCommitter(terms, lane, lease, traits.commitsAlone(), capacity, this::committed);
    }

    /**
     * Whether the path leads to another file now than the open one. A handle opened on that would take the log of the open file
     * for its own.
     *
     * @param found the identity of the file that is there
     */
    boolean hasLost(@Nullable Object found) {
        Object opened = file;
        return opened != null && !opened.equals(found);
    }

    /** The error of using a database whose file is not there any more. */
    R2dbcException lost() {
        return Errors.of(
                "58030",
                "The database file " + nativePath
                        + " was deleted, renamed or replaced while it was open. Nothing was written"
                        + " to the file that is there now. Close all connections to the database, remove " + nativePath
                        + "-wal and " + nativePath + "-shm, which belong to the old file, and open it anew",
                null);
    }

    /** The identity of a file, which one created later under its name does not share; null if there is none or the system has none. */
    static @Nullable Object identity(@Nullable Path path) {
        try {
            return path == null
                    ? null
                    : Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** Only the first handle may create the file. */
    private NativeDatabase openHandle(String options) {
        if (config.inMemory() && config.mode() == EmbeddedConfig.Mode.OPEN) {
            // Others that have it open would have been joined.
            throw Errors.of(
                    "58P01", "Cannot open the database " + config.described() + OpenFailure.NOTHING_TO_OPEN, null);
        }
        OpenMode mode = config.inMemory()
                ? OpenMode.OPEN_OR_CREATE
                : created ? OpenMode.OPEN : OpenMode.valueOf(config.mode().name());
        if (hasLost(identity(config.path()))) {
            throw lost();
        }
        try {
            NativeDatabase opened = open(mode, options);
            if (!created) {
                file = identity(config.path());
                created = true;
            }
            return opened;
        } catch (RuntimeException e) {
            throw OpenFailure.explain(e, config);
        }
    }

    /** A process that creates, recovers or closes the file is waited for longer than one that writes. */
    @SuppressWarnings("try") // The first handle is open while the second one opens.
    private NativeDatabase open(OpenMode mode, String options) {
        String patient = config.engineOptions();
        try {
            return library.open(nativePath, mode, options);
        } catch (NativeException e) {
            if (options.equals(patient) || !EngineTraits.lockedElsewhere(e)) {
                throw e;
            }
            NativeDatabase first = library.open(nativePath, mode, patient);
            try {
                return library.open(nativePath, OpenMode.OPEN, options);
            } finally {
                first.close();
            }
        }
    }
}
