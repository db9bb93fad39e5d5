package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.embedded.lane.SharedReadLanes;
import com.decentdb.r2dbc.transport.Errors;
import java.util.concurrent.RejectedExecutionException;

/** Opens read lanes under the write lock, for an engine that fails the commit of a transaction during which a handle is opened. */
public record LockedOpening(WriteLease lease) implements SharedReadLanes.Opening {

    @Override
    public void open(Lane lane, ReadLanes.Reader reader, ReadLanes giver) {
        lease.acquire(new Claim(lane, reader, giver));
    }

    /** A claim on behalf of a reader, which waits no longer than that may. */
    private final class Claim implements WriteLease.Claimant {

        private final Lane lane;
        private final ReadLanes.Reader reader;
        private final ReadLanes giver;

        Claim(Lane lane, ReadLanes.Reader reader, ReadLanes giver) {
            this.lane = lane;
            this.reader = reader;
            this.giver = giver;
        }

        @Override
        public boolean granted() {
            return execute(() -> {
                try {
                    lane.database();
                } catch (Throwable e) {
                    // The reader meets the same, and reports it.
                } finally {
                    lease.release();
                }
                reader.run(lane, giver);
            });
        }

        private boolean execute(Runnable task) {
            try {
                lane.execute(task);
                return true;
            } catch (RejectedExecutionException e) {
                reader.refused(Errors.closed());
                return false;
            }
        }

        @Override
        public String purpose() {
            return "the opening of another handle that reads";
        }

        @Override
        public void refused() {
            reader.refused(Errors.closed());
            execute(() -> giver.release(lane));
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
            reader.expire();
            execute(() -> giver.release(lane));
        }
    }
}
