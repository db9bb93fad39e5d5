package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.lane.Lane;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The only handle of a database in memory, called under the write lock like everything else that uses it. */
public final class LaneWatchSource implements WatchSource {

    private final Lane lane;
    private final WriteLease lease;

    public LaneWatchSource(Lane lane, WriteLease lease) {
        this.lane = lane;
        this.lease = lease;
    }

    @Override
    public <T> void call(Function<NativeDatabase, T> call, BiConsumer<@Nullable T, @Nullable Throwable> done) {
        lease.acquire(WriteLease.claim("a watch", lane, () -> {
            T outcome = null;
            Throwable failure = null;
            try {
                outcome = lane.call(call);
            } catch (Throwable e) {
                failure = e;
            } finally {
                lease.release();
            }
            done.accept(outcome, failure);
        }));
    }

    @Override
    public boolean isOpen() {
        // The lane closes its handle.
        return false;
    }

    @Override
    public void rest() {
        // The handle belongs to the lane.
    }

    @Override
    public void close() {
        // As above.
    }
}
