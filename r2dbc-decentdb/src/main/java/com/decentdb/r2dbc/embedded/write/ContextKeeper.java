package com.decentdb.r2dbc.embedded.write;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.embedded.lane.FileGuard;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The guard of a pinned lane on an engine that forgets the audit context of a handle when a statement on it meets what another
 * handle committed. Describing the schema first loads that without forgetting; and nobody commits until the statement has run,
 * since every use of such a lane has the write lock.
 *
 * @param guard keeps other processes from the file
 */
public record ContextKeeper(FileGuard guard) implements FileGuard {

    @Override
    public void begin(NativeDatabase handle) {
        alone(handle, () -> {
            handle.begin();
            return handle;
        });
    }

    @Override
    public void beginWriting(NativeDatabase handle, Consumer<NativeDatabase> begin) {
        guard.beginWriting(handle, begun -> {
            begun.listViews();
            begin.accept(begun);
        });
    }

    @Override
    public void ended() {
        guard.ended();
    }

    @Override
    public <T extends @Nullable Object> T alone(NativeDatabase handle, Supplier<T> write) {
        return guard.alone(handle, () -> {
            handle.listViews();
            return write.get();
        });
    }

    @Override
    public boolean refused(Throwable error) {
        return guard.refused(error);
    }
}
