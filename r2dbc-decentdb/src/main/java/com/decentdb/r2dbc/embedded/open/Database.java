package com.decentdb.r2dbc.embedded.open;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.FileGuard;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.SchemaVersion;
import com.decentdb.r2dbc.embedded.lane.SharedReadLanes;
import com.decentdb.r2dbc.embedded.meter.Census;
import com.decentdb.r2dbc.embedded.meter.DatabaseCounters;
import com.decentdb.r2dbc.embedded.meter.DatabaseMeters;
import com.decentdb.r2dbc.embedded.meter.WriteCounters;
import com.decentdb.r2dbc.embedded.watch.HandleWatchSource;
import com.decentdb.r2dbc.embedded.watch.HiddenRows;
import com.decentdb.r2dbc.embedded.watch.LaneWatchSource;
import com.decentdb.r2dbc.embedded.watch.WatchHub;
import com.decentdb.r2dbc.embedded.watch.WatchSource;
import com.decentdb.r2dbc.embedded.write.ContextKeeper;
import com.decentdb.r2dbc.embedded.write.GroupCommitter;
import com.decentdb.r2dbc.embedded.write.LockedOpening;
import com.decentdb.r2dbc.embedded.write.PinnedLane;
import com.decentdb.r2dbc.embedded.write.ProcessLock;
import com.decentdb.r2dbc.embedded.write.SessionLanes;
import com.decentdb.r2dbc.transport.Capability;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/** One open database: its lanes, its write lock and its watches. Shared by all sessions of the JVM. */
public final class Database {

    private static final Logger LOG = Loggers.getLogger(Database.class);

    private final EmbeddedConfig config;
    private final NativeLibrary library;
    private final EngineTraits traits;
    private final DatabaseFile file;
    private final String label;
    private final SchemaVersion schema;
    private final FileGuard guard;
    private final Runnable letGo = this::letGo;
    private final DatabaseCounters counters = new DatabaseCounters();
    private final WriteCounters autoCommits = new WriteCounters();
    private final WriteLease lease = new WriteLease();
    private final Warming warming;
    private final DatabaseMeters meters;
    private final Lane writer;
    private final @Nullable SharedReadLanes readers;
    private final SessionLanes shared;
    private final GroupCommitter queue;
    private final AtomicInteger pinned = new AtomicInteger();
    private final @Nullable HandleWatchSource watchHandle;
    private final WatchHub hub;
    private final Checkpoints checkpoints;
    private final AtomicLong commits = new AtomicLong();

    public Database(EmbeddedConfig config, NativeLibrary library) {
        this.config = config;
        this.library = library;
        Path path = config.path();
        this.label = path == null ? config.name() : String.valueOf(path.getFileName());
        this.traits = EngineTraits.of(library);
        this.schema = new SchemaVersion(config.othersMayOpenIt(), traits);
        this.guard = guard(path);
        this.warming = new Warming(lease, guard);
        this.file = new DatabaseFile(config, library, guard);
        this.writer = writingLane(
                config.inMemory()
                        ? "The engine failed, and the database in memory was lost with it; close all its connections and"
                                + " factories to begin anew"
                        : null,
                guard);
        // A database in memory belongs to its handle, so reads and writes share one lane.
        this.readers = config.inMemory()
                ? null
                : new SharedReadLanes(
                        config.maxReaders(),
                        this::readingLane,
                        traits.opensAtAnyTime() ? null : new LockedOpening(lease));
        this.checkpoints = new Checkpoints(
                config, traits, file, writer, lease, () -> readers != null && readers.busy() > 0, counters);
        this.shared = new SessionLanes(writer, readers, committer(writer));
        this.queue = committer(GroupCommitter.Terms.QUEUE, writer, config.queueCapacity(), new WriteCounters());
        lease.whileLockedElsewhere(queue::sweep);
        this.watchHandle = config.inMemory() ? null : new HandleWatchSource(this::openReader, traits.opensAtAnyTime());
        this.hub = new WatchHub(
                watchHandle == null ? new LaneWatchSource(writer, lease) : watchHandle,
                DriverThreads.daemon("decentdb-watch-" + label),
                error -> NativeErrors.map(error, null),
                new Observation(),
                new HiddenRows(traits.hidesRows()));
        this.meters = new DatabaseMeters(path == null ? config.name() : path.toString(), this::census);
    }

    public EmbeddedConfig config() {
        return config;
    }

    public EngineTraits traits() {
        return traits;
    }

    /** The lanes of all sessions that have no pinned lane. */
    public SessionLanes shared() {
        return shared;
    }

    /**
     * A lane for one session alone.
     *
     * @throws R2dbcException if it cannot have one
     */
    public PinnedLane pin() {
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
        try {
            Lane lane = writingLane(
                    "The engine failed, and the TEMP objects and settings of this connection were lost with its handle; close"
                            + " the connection",
                    traits.keepsAuditContext() ? guard : new ContextKeeper(guard));
            return new PinnedLane(lane, committer(lane), traits.keepsAuditContext(), pinned::decrementAndGet);
        } catch (Throwable e) {
            pinned.decrementAndGet();
            throw e;
        }
    }

    public WriteLease lease() {
        return lease;
    }

    public DatabaseCounters counters() {
        return counters;
    }

    Checkpoints checkpoints() {
        return checkpoints;
    }

    DatabaseMeters meters() {
        return meters;
    }

    private Census census() {
        return new Census(
                counters,
                lease.totals(),
                new Census.Writes(shared.committer().waiting(), autoCommits),
                new Census.Writes(queue.waiting(), queue.counters()),
                readers == null ? new Census.Lanes(0, 0, 0, pinned.get()) : readers.census(pinned.get()));
    }

    public GroupCommitter queue() {
        return queue;
    }

    public WatchHub hub() {
        return hub;
    }

    public EngineInfo engine() {
        return describe(library);
    }

    /** The engine of a library that is loaded. */
    public static EngineInfo describe(NativeLibrary library) {
        return new EngineInfo(
                library.version(),
                library.abiVersion(),
                library.path().toString(),
                library.source().name(),
                library.bundled());
    }

    public Set<Capability> capabilities() {
        return traits.capabilities();
    }

    /** Whether the engine ends a statement that runs. */
    public boolean interrupts() {
        return traits.interrupts();
    }

    /** Called after each commit: wakes the watches and plans a checkpoint for a quiet moment. Never throws. */
    public void committed() {
        if (!config.inMemory() && !traits.opensAtAnyTime()) {
            page();
        }
        counters.committed();
        commits.incrementAndGet();
        hub.nudge();
        checkpoints.committed();
    }

    /**
     * An engine that writes as it opens a handle brings the new rows of a table into pages then. Until they are, a row that is
     * deleted and inserted again overwrites another one. Under the write lock.
     */
    private void page() {
        try {
            openReader().close();
        } catch (Throwable e) {
            LOG.debug("The last rows of a file stay as they were written", e);
        }
    }

    /** Makes the handle of a read lane see all commits acknowledged so far. */
    public void refresh(Lane lane) {
        // Counted before the look, so that a commit in between is looked at again.
        long latest = commits.get();
        if (traits.keptStatementsMayBeStale()) {
            lane.refresh(latest);
        }
    }

    /** Notes the time that a read on a read lane took, and makes its handle faster as soon as that pays. */
    public void took(Lane lane, long nanos) {
        if (!traits.readsFastAtOnce()) {
            warming.took(lane, nanos);
        }
    }

    /** Opens the handle of the writer. */
    public void open(Runnable whenOpen, Consumer<Throwable> whenFailed) {
        writer.execute(() -> {
            try {
                writer.database();
            } catch (Throwable e) {
                writer.close(letGo);
                whenFailed.accept(NativeErrors.map(e, null));
                return;
            }
            HandleWatchSource watches = watchHandle;
            if (readers == null || watches == null || traits.opensAtAnyTime()) {
                whenOpen.run();
                return;
            }
            // Nobody writes yet. A handle that is opened later waits for the end of the transaction that writes then.
            watches.open();
            readers.openAll(whenOpen);
        });
    }

    /**
     * Ends everything behind the work accepted so far, with a last checkpoint; later work is refused. Each step waits for memory.
     *
     * @param whenOver runs once, when the database is closed or had to be given up
     */
    public void close(Runnable whenOver) {
        checkpoints.close();
        Persistent.of(() -> new Closing(this, readers, whenOver).begin()).begin();
    }

    /** The file may be deleted and created anew from now on. */
    void forgetFile() {
        file.forget();
    }

    /** Lets other processes write; needs no memory. */
    void letGo() {
        if (guard instanceof ProcessLock lock) {
            lock.close();
        }
    }

    /** The guard that keeps other processes from the file while a lane writes. */
    private FileGuard guard(@Nullable Path path) {
        if (path == null) {
            return FileGuard.NONE;
        }
        if (traits.locksAtBegin()) {
            return FileGuard.ENGINE;
        }
        return config.othersMayOpenIt() ? new ProcessLock(path) : FileGuard.NONE;
    }

    private Lane writingLane(@Nullable String lossMessage, FileGuard kept) {
        String options = guard == FileGuard.ENGINE ? config.engineOptionsOfWriter() : config.engineOptions();
        return new Lane(() -> file.open(options), lossMessage, schema, kept, counters, config.statementCacheSize());
    }

    private Lane readingLane() {
        return new Lane(this::openReader, null, schema, FileGuard.NONE, counters, config.statementCacheSize());
    }

    private NativeDatabase openReader() {
        return file.open(config.engineOptions());
    }

    private GroupCommitter committer(Lane lane) {
        return committer(GroupCommitter.Terms.AUTO_COMMIT, lane, config.maxPendingWrites(), autoCommits);
    }

    private GroupCommitter committer(GroupCommitter.Terms terms, Lane lane, int capacity, WriteCounters written) {
        return new GroupCommitter(terms, lane, lease, traits.commitsAlone(), capacity, written, this::committed);
    }

    /** Whether another file than the open one is in its place now, by the identity of that. */
    boolean hasLost(@Nullable Object found) {
        return file.hasLost(found);
    }

    /** The error of using a database whose file is not there any more. */
    R2dbcException lost() {
        return file.lost();
    }

    /**
     * A watch reports a commit, which any handle of the process may have made, before the lane that made it does: later
     * reads have to see it.
     */
    private final class Observation implements WatchSource.Observer {

        @Override
        public void observed(WatchedEvent commit) {
            counters.event();
            commits.incrementAndGet();
            if (commit.schemaChanged()) {
                schema.changed();
            }
        }

        @Override
        public void subscribed(int change) {
            counters.watches(change);
        }
    }
}
