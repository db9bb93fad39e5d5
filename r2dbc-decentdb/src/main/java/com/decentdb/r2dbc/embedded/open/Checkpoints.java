package com.decentdb.r2dbc.embedded.open;

import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.meter.DatabaseCounters;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/** The checkpoints that no caller asks for: in a quiet moment after the last commit, and before the end. */
final class Checkpoints {

    private static final Logger LOG = Loggers.getLogger(Checkpoints.class);

    private final EmbeddedConfig config;
    private final EngineTraits traits;
    private final DatabaseFile file;
    private final Lane writer;
    private final WriteLease lease;
    private final BooleanSupplier reading;
    private final DatabaseCounters counters;
    private final AtomicBoolean planned = new AtomicBoolean();
    private volatile long lastCommit = System.nanoTime();
    private volatile boolean closing;
    private volatile @Nullable Future<?> next;

    /**
     * Plans none yet.
     *
     * @param reading whether statements that read run now
     */
    Checkpoints(
            EmbeddedConfig config,
            EngineTraits traits,
            DatabaseFile file,
            Lane writer,
            WriteLease lease,
            BooleanSupplier reading,
            DatabaseCounters counters) {
        this.config = config;
        this.traits = traits;
        this.file = file;
        this.writer = writer;
        this.lease = lease;
        this.reading = reading;
        this.counters = counters;
    }

    /** Plans one for a quiet moment after a commit. Never throws. */
    void committed() {
        lastCommit = System.nanoTime();
        if (!config.inMemory() && !config.checkpointIdle().isZero()) {
            plan();
        }
    }

    private void plan() {
        if (!closing && planned.compareAndSet(false, true)) {
            try {
                next = DriverThreads.timed(
                        this::attemptIfIdle, config.checkpointIdle().toNanos());
            } catch (Throwable e) {
                // There is no memory for the timer now; the next commit plans it.
                planned.set(false);
            }
        }
    }

    /** Plans no more. */
    void close() {
        closing = true;
    }

    /** Moves the log into the file where the engine does not do that itself; in a task of the writer lane. */
    void last() {
        Future<?> pending = next;
        if (pending != null) {
            pending.cancel(false);
        }
        if (!traits.checkpointsAtClose()) {
            attempt();
        }
    }

    private void attemptIfIdle() {
        planned.set(false);
        long quiet = System.nanoTime() - lastCommit;
        boolean busy = lease.held() || reading.getAsBoolean();
        if (closing) {
            return;
        }
        if (busy || quiet < config.checkpointIdle().toNanos()) {
            plan();
            return;
        }
        lease.acquire(claim(() -> {}));
    }

    private WriteLease.Claimant claim(Runnable whenDone) {
        return WriteLease.claim("a checkpoint", writer, () -> {
            try {
                attempt();
            } finally {
                lease.release();
                whenDone.run();
            }
        });
    }

    /**
     * Moves the log into the file of a database that is in use while the JVM ends, unless a transaction is open, for which nothing waits.
     *
     * @param whenDone runs when it is moved, or at once if it will not be
     */
    void beforeTheEnd(Runnable whenDone) {
        if (config.inMemory() || !lease.acquireIfFree(claim(whenDone))) {
            whenDone.run();
        }
    }

    /** If it fails the log only stays longer, and an explicit checkpoint reports why. */
    private void attempt() {
        if (config.inMemory() || file.hasLost(DatabaseFile.identity(config.path()))) {
            return;
        }
        boolean done = false;
        try {
            writer.alone(() -> writer.call(database -> {
                file.moveLog(database, traits.reusesLog());
                return database;
            }));
            done = true;
        } catch (Throwable e) {
            LOG.debug("The log of " + file.nativePath() + " was not moved into the file", e);
        } finally {
            counters.checkpointed(done);
        }
    }
}
