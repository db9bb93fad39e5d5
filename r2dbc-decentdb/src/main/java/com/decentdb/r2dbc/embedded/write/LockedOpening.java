package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.embedded.lane.SharedReadLanes;
import com.decentdb.r2dbc.transport.Errors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Opens read lanes under the write lock, for an engine that fails the commit of a transaction during which a handle is opened. */
public record LockedOpening(WriteLease lease) implements SharedReadLanes.Opening {

    @Override
    public void open(Lane lane, ReadLanes.Reader reader, ReadLanes giver) {
        try {
            lease.acquire(new Claim(lane, reader, giver));
        } catch (Throwable e) {
            refuse(lane, reader, giver, e);
        }
    }

    private static void refuse(Lane lane, ReadLanes.Reader reader, ReadLanes giver, Throwable reason) {
        try {
            reader.refused(NativeErrors.map(reason, null));
        } finally {
            giver.release(lane);
        }
    }

    /** A claim on behalf of a reader, which waits no longer than that may. */
    private final class Claim implements WriteLease.Claimant {

        private final Lane lane;
        private final ReadLanes.Reader reader;
        private final ReadLanes giver;
        private final Task opening = Task.of(this::openAndRun);
        private final Task givingBack = Task.of(this::giveBack);
        private @Nullable Throwable failure;

        Claim(Lane lane, ReadLanes.Reader reader, ReadLanes giver) {
            this.lane = lane;
            this.reader = reader;
            this.giver = giver;
        }

        @Override
        public boolean granted() {
            return execute(opening);
        }

        private void openAndRun() {
            try {
                lane.database();
            } catch (Throwable e) {
                // The reader must not try again without the lock.
                failure = e;
            } finally {
                lease.release();
            }
            Throwable reason = failure;
            if (reason == null) {
                reader.run(lane, giver);
            } else {
                refuse(lane, reader, giver, reason);
            }
        }

        private boolean execute(Task task) {
            try {
                lane.execute(task);
                return true;
            } catch (RejectedExecutionException e) {
                reader.refused(Errors.closed());
                return false;
            }
        }

        private void giveBack() {
            giver.release(lane);
        }

        @Override
        public String purpose() {
            return "the opening of another handle that reads";
        }

        @Override
        public void refused() {
            try {
                reader.refused(Errors.closed());
            } finally {
                execute(givingBack);
            }
        }

        @Override
        public boolean waiting() {
            return true;
        }

        @Override
        public long deadline() {
            return reader.deadline();
        }

        @Override
        public void expire() {
            try {
                reader.expire();
            } finally {
                execute(givingBack);
            }
        }
    }
}
