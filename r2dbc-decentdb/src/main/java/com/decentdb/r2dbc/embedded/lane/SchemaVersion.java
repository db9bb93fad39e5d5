package com.decentdb.r2dbc.embedded.lane;

import java.util.concurrent.atomic.AtomicLong;

/** Counts the changes of a database's schema made in this JVM, which lanes compare with what they have seen. Thread-safe. */
public final class SchemaVersion {

    private final AtomicLong changes = new AtomicLong();
    private final boolean othersChangeIt;
    private final boolean preparable;

    /**
     * Begins to count.
     *
     * @param othersChangeIt whether other processes may change the schema, too
     * @param preparable whether the engine prepares the question for its own version
     */
    public SchemaVersion(boolean othersChangeIt, boolean preparable) {
        this.othersChangeIt = othersChangeIt;
        this.preparable = preparable;
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

    /** The engine's own version, as one handle sees it. */
    EngineSchema ofEngine() {
        return new EngineSchema(preparable);
    }
}
