package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeWatch;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Where the native watches of a {@link WatchHub} come from. */
public interface WatchSource {

    /**
     * Creates a watch. Called on the hub's thread.
     *
     * @param factory creates it from a handle
     * @param done told the watch or the failure, at once or later, on any thread
     */
    void create(
            Function<NativeDatabase, NativeWatch> factory, BiConsumer<@Nullable NativeWatch, @Nullable Throwable> done);

    /** No watch is left; called on the hub's thread. May be followed by another {@link #create}. */
    void rest();
}
