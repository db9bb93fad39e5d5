package com.decentdb.r2dbc.embedded;

import com.decentdb.r2dbc.embedded.open.Database;
import com.decentdb.r2dbc.embedded.write.PinnedLane;
import com.decentdb.r2dbc.embedded.write.SessionLanes;
import com.decentdb.r2dbc.transport.Errors;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The lanes on which the statements of one session run: those that all sessions share, until the session needs a handle of
 * its own for what must not reach other sessions. Thread-safe.
 */
final class SessionPlace {

    private final Database database;
    private final Executor delivery;
    private volatile AutoCommit autoCommit;
    /** The work on the lanes that all share; beside it, the statements from before the session was pinned may still run. */
    private final AutoCommit unpinned;

    private volatile @Nullable PinnedLane pinned;
    /** The setup that the session has made on its pinned lane; a new one for each such lane. */
    private volatile SessionSetup setup = new SessionSetup();

    private boolean closed;

    SessionPlace(Database database, Executor delivery) {
        this.database = database;
        this.delivery = delivery;
        this.unpinned = new AutoCommit(database, database.shared(), delivery);
        this.autoCommit = unpinned;
    }

    /** The lanes of the session now. */
    SessionLanes lanes() {
        PinnedLane lane = pinned;
        return lane == null ? database.shared() : lane.lanes();
    }

    boolean isPinned() {
        return pinned != null;
    }

    /** The setup that the session has made on its pinned lane. */
    SessionSetup setup() {
        return setup;
    }

    /** Runs what belongs to no transaction. */
    AutoCommit autoCommit() {
        return autoCommit;
    }

    /** Gives up all results not read to their end, those from before it was pinned, too. */
    void abandonResults(Supplier<? extends Throwable> reason) {
        unpinned.abandonResults(reason);
        AutoCommit current = autoCommit;
        if (current != unpinned) {
            current.abandonResults(reason);
        }
    }

    /**
     * From now on everything runs on a handle of this session alone.
     *
     * @param what what needs that, for messages
     * @param inTransaction whether a transaction of the session is open
     */
    synchronized void pin(String what, @Nullable String sql, boolean inTransaction) {
        if (pinned != null) {
            return;
        }
        if (closed) {
            throw Errors.closed();
        }
        if (inTransaction && database.shared().readers() != null) {
            throw Errors.of(
                    "25001",
                    what + " needs a native handle for this connection alone, but the open transaction runs on one that"
                            + " all share; run it before the transaction is begun",
                    sql);
        }
        PinnedLane lane = database.pin();
        try {
            autoCommit = new AutoCommit(database, lane.lanes(), delivery);
        } catch (Throwable e) {
            lane.close(() -> {});
            throw e;
        }
        pinned = lane;
    }

    /**
     * Ends what the session keeps for itself. Its handle is closed behind what may still run there. Bears repetition until it
     * returns.
     *
     * @param whenGone called when the handle is closed
     * @param whenDone called then, too, but at once if the engine is busy with a statement that may not end
     */
    void unpin(Runnable whenGone, Runnable whenDone) {
        PinnedLane lane;
        boolean wait;
        synchronized (this) {
            lane = pinned;
            wait = lane != null && !lane.lanes().writer().busy();
            if (lane != null) {
                setup = new SessionSetup();
                autoCommit.close();
                lane.close(gone(whenGone, wait, whenDone));
                pinned = null;
                autoCommit = unpinned;
            }
        }
        if (lane == null) {
            whenGone.run();
        }
        if (!wait) {
            whenDone.run();
        }
    }

    private static Runnable gone(Runnable whenGone, boolean wait, Runnable whenDone) {
        return () -> {
            whenGone.run();
            if (wait) {
                whenDone.run();
            }
        };
    }

    /** Gives up the results outside transactions and refuses to pin; {@link #unpin} is still due. */
    synchronized void close() {
        closed = true;
        autoCommit.close();
        unpinned.close();
        database.queue().dropClosed();
    }
}
