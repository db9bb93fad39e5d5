package com.decentdb.r2dbc.embedded.lane;

import java.util.concurrent.atomic.AtomicLong;

/** Counts the changes of a database's schema made in this JVM, which lanes compare with what they have seen. Thread-safe. */
public final class SchemaVersion {

    private final AtomicLong changes = new AtomicLong();
    private final boolean othersChangeIt;

    /**
     * Begins to count.
     *
     * @param othersChangeIt whether other processes may change the schema, too, and the engine can be asked for its version
     */
    public SchemaVersion(boolean othersChangeIt) {
        this.othersChangeIt = othersChangeIt;
    }

    long changes() {
        return changes.get();
    }

    /** Notes that the schema may have changed. */
    public void changed() {
        changes.incrementAndGet();
    }

    boolean othersChangeIt() {
        return othersChangeIt;
    }
}
