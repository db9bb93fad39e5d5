package com.decentdb.ffi;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The life of one native object. A counter holds the calls in flight and, as its sign, whether the handle is closed.
 * The call that brings a closed handle to zero calls frees the native object, so it is freed once and never during a
 * call.
 */
abstract class NativeHandle implements AutoCloseable {

    private static final System.Logger LOGGER = System.getLogger(NativeHandle.class.getName());
    private static final int CLOSED = Integer.MIN_VALUE;

    private final AtomicInteger state = new AtomicInteger();
    private final String noun;
    private final long address;
    private final int maxCalls;

    /**
     * @param maxCalls how many calls may be inside at once
     */
    NativeHandle(String noun, long address, int maxCalls) {
        this.noun = noun;
        this.address = address;
        this.maxCalls = maxCalls;
        AbiLoader.enter();
    }

    /** Frees the native object behind the pointer at {@code pointerAddress} and returns the status. */
    abstract int free(long pointerAddress);

    /** Enters a call and returns the native address, valid until {@link #leave()}. */
    final long enter() {
        while (true) {
            int now = state.get();
            if (now < 0) {
                throw new IllegalStateException("the " + noun + " is closed");
            }
            if (now >= maxCalls) {
                throw new IllegalStateException("the " + noun + " is in use by another thread");
            }
            if (state.compareAndSet(now, now + 1)) {
                return address;
            }
        }
    }

    /** Enters a call that waits for nothing, which any thread may make; returns 0 if the handle is closed. */
    final long enterAtAnyTime() {
        int before = state.getAndUpdate(now -> now < 0 ? now : now + 1);
        return before < 0 ? 0 : address;
    }

    /** Leaves a call; frees the native object if the handle was closed meanwhile and this was the last call inside. */
    final void leave() {
        if (state.decrementAndGet() == CLOSED) {
            try {
                free();
            } catch (NativeException e) {
                // The call that leaves has its own outcome, which this error must not replace.
                LOGGER.log(System.Logger.Level.WARNING, "The " + noun + " was closed with an error", e);
            }
        }
    }

    /**
     * Returns whether {@link #close()} was called.
     *
     * @return {@code true} once calls are refused
     */
    public final boolean isClosed() {
        return state.get() < 0;
    }

    /**
     * Refuses further calls and frees the native object: at once, or when the last call inside returns. Idempotent; it
     * never waits for a call.
     *
     * @throws NativeException if the engine reports an error while it frees the object at once; the handle is closed
     *     even then
     */
    @Override
    public final void close() {
        if (state.getAndUpdate(now -> now | CLOSED) == 0) {
            free();
        }
    }

    private void free() {
        try {
            Scratch scratch = Scratch.ofThread();
            scratch.writePointer(address);
            Status.check(free(scratch.pointerAddress()));
        } finally {
            AbiLoader.leave();
        }
    }
}
