package com.decentdb.r2dbc.connection;

import java.lang.ref.Cleaner;

/**
 * Frees what its user forgot, or never knew to have: a subscriber that cancels in the moment in which a connection or a
 * result is handed over may drop it unseen.
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
