package com.decentdb.r2dbc.delivery.threads;

import java.lang.ref.Cleaner;

/**
 * Frees a connection or result that its user did not close, or never saw: a subscriber that cancels at the moment of the
 * hand-over may drop it unseen.
 */
public final class Forgotten {

    /** The JDK's own thread refers to no class loader of an application, and ends when this class is unloaded. */
    private static final Cleaner CLEANER = Cleaner.create();

    private Forgotten() {}

    /**
     * Runs an action, which must neither block nor refer to the object and has to bear repetition, some time after nothing refers
     * to that.
     */
    public static void whenUnreachable(Object object, Runnable action) {
        Persistent surely = Persistent.of(action);
        CLEANER.register(object, surely::begin);
    }
}
