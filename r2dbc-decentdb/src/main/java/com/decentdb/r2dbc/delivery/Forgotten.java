package com.decentdb.r2dbc.delivery;

import java.lang.ref.Cleaner;

/**
 * Frees a connection or result that its user did not close, or never saw: a subscriber that cancels at the moment of the
 * hand-over may drop it unseen.
 */
public final class Forgotten {

    private static final Cleaner CLEANER = Cleaner.create(task -> {
        Thread thread = new Thread(task, "decentdb-abandoned");
        thread.setDaemon(true);
        return thread;
    });

    private Forgotten() {}

    /** Runs an action, which must neither block nor refer to the object, some time after nothing refers to that. */
    public static void whenUnreachable(Object object, Runnable action) {
        CLEANER.register(object, action);
    }
}
