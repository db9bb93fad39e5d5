package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The native handle behind a {@link WatchHub}. */
public interface WatchSource {

    /** Takes notice of what a hub does; called on its thread, must not throw. */
    interface Observer {

        /** A commit, before any subscriber gets it. */
        void observed(WatchedEvent commit);

        /** So many subscribers came, or, if it is negative, went; needs no memory. */
        default void subscribed(int change) {}
    }

    /**
     * Calls the handle, which sees everything committed so far. Called on the hub's thread.
     *
     * @param done gets the outcome or the failure, at once or later, on any thread
     */
    <T> void call(Function<NativeDatabase, T> call, BiConsumer<@Nullable T, @Nullable Throwable> done);

    /** Whether a handle is open that {@link #close} has to close; called by one thread at a time. */
    boolean isOpen();

    /** No watch is left; called on the hub's thread. May be followed by another {@link #call}. */
    void rest();

    /** The last call: nothing will be watched any more. */
    void close();
}
