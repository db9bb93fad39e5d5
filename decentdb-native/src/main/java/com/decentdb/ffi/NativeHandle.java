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
    private final int maxCalls;
    private long address;

    /**
     * A handle without a native object, which it {@linkplain #adopt takes over} when there is one: behind that moment there may be
     * no memory for a handle, and the native object would stay for ever.
     *
     * @param maxCalls how many calls may be inside at once
     */
    NativeHandle(String noun, int maxCalls) {
        this.noun = noun;
        this.maxCalls = maxCalls;
    }

    /** Takes a native object over, before any other thread knows this handle. Needs no memory. */
    final void adopt(long created) {
        AbiLoader.enter();
        address = created;
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
                free(Scratch.ofThread());
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
        // Without memory for it, nothing has happened.
        Scratch scratch = Scratch.ofThread();
        if (state.getAndUpdate(NativeHandle::closed) == 0) {
            free(scratch);
        }
    }

    private static int closed(int state) {
        return state | CLOSED;
    }

    private void free(Scratch scratch) {
        try {
            scratch.writePointer(address);
            Status.check(free(scratch.pointerAddress()));
        } finally {
            AbiLoader.leave();
        }
    }
}
