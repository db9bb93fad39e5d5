package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps other processes from writing to the file while a lane does. Where another process has the lock of the
 * file it refuses at once: nothing was done, and the call may be made again. Called in tasks of the lane that has the write lock.
 */
public interface FileGuard {

    /** Of lanes that only read, and of databases in memory. */
    FileGuard NONE = new FileGuard() {
        @Override
        public void beginWriting(NativeDatabase handle, Consumer<NativeDatabase> begin) {
            begin.accept(handle);
        }
    };

    /** Of an engine whose transactions take the lock of the file as they begin. */
    FileGuard ENGINE = new FileGuard() {
        @Override
        public void beginWriting(NativeDatabase handle, Consumer<NativeDatabase> begin) {
            handle.beginWriting();
        }

        @Override
        public boolean refused(Throwable error) {
            return EngineTraits.lockedElsewhere(error);
        }
    };

    /** Begins a transaction that only reads. */
    default void begin(NativeDatabase handle) {
        handle.begin();
    }

    /**
     * Begins a transaction that is to write; {@link #ended} follows if this succeeds.
     *
     * @param begin begins it, unless the engine has a way of its own
     */
    void beginWriting(NativeDatabase handle, Consumer<NativeDatabase> begin);

    /** The transaction is over. */
    default void ended() {
        // An engine gives its lock back by itself.
    }

    /** Makes calls without a transaction, some of which write. */
    default <T extends @Nullable Object> T alone(NativeDatabase handle, Supplier<T> write) {
        return write.get();
    }

    /** Opens a handle, which on some engines writes; this may wait for other processes a little. */
    default <T> T opening(Supplier<T> open) {
        return open.get();
    }

    /** Whether this error says that another process has the lock of the file. */
    default boolean refused(Throwable error) {
        return false;
    }
}
