package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeWatch;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.write.WriteLease;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Watches on the only handle of a database in memory, created in turn with everything else that uses it. */
public final class LaneWatchSource implements WatchSource {

    private final Lane lane;
    private final WriteLease lease;

    public LaneWatchSource(Lane lane, WriteLease lease) {
        this.lane = lane;
        this.lease = lease;
    }

    @Override
    public void create(
            Function<NativeDatabase, NativeWatch> factory,
            BiConsumer<@Nullable NativeWatch, @Nullable Throwable> done) {
        lease.acquire(WriteLease.claim("a watch", lane, () -> {
            NativeWatch watch = null;
            Throwable failure = null;
            try {
                watch = lane.call(factory);
            } catch (RuntimeException e) {
                failure = e;
            } finally {
                lease.release();
            }
            done.accept(watch, failure);
        }));
    }

    @Override
    public void rest() {
        // The handle belongs to the lane.
    }
}
