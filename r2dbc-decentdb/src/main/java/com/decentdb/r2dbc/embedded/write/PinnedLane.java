package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.embedded.lane.Interrupts;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A lane of one session alone, whose handle keeps what belongs to that session: temporary objects, settings, the audit
 * context. It reads at any time, where the engine allows that, and writes under the write lock of the database; a write that meets a read-only transaction of the same session is refused.
 */
public final class PinnedLane implements ReadLanes {

    private final Lane lane;
    private final SessionLanes lanes;
    private final Runnable whenClosed;

    /**
     * Creates the lane; its handle is opened with the first statement.
     *
     * @param readsFreely whether it may read at any time, rather than under the write lock like its writes
     * @param whenClosed runs once, when the handle is closed
     */
    public PinnedLane(Lane lane, GroupCommitter committer, boolean readsFreely, Runnable whenClosed) {
        this.lane = lane;
        this.lanes = new SessionLanes(lane, readsFreely ? this : null, committer);
        this.whenClosed = whenClosed;
    }

    public SessionLanes lanes() {
        return lanes;
    }

    @Override
    public void submit(Reader reader) {
        lane.execute(() -> reader.run(lane, this));
    }

    @Override
    public void withdraw(Reader reader) {
        // The request itself finds that no subscriber waits for it any more.
    }

    @Override
    public void rest(Lane resting) {
        // No other session waits for this lane.
    }

    @Override
    public void release(Lane released) {
        // The lane stays with its session.
    }

    @Override
    public int share() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void end(Interrupts.Owner owner) {
        lane.interrupts().end(owner);
    }

    @Override
    public R2dbcException timeout(String who, Duration lockWait, @Nullable String sql) {
        return Errors.of(
                "55P03",
                who + " waited " + lockWait.toMillis() + " ms behind what runs on this connection; it was not started",
                sql);
    }

    /** Fails the writes that wait, and closes the handle behind what already runs; does not wait for that. */
    public void close(Runnable whenGone) {
        Runnable closed = () -> {
            whenClosed.run();
            whenGone.run();
        };
        lanes.committer().close(Errors.closed());
        // This is the last step, and takes no memory.
        lane.close(closed);
    }
}
