package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.r2dbc.embedded.engine.EngineSchema;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the changes of a database's schema made in this JVM, which lanes compare with what they have seen. Thread-safe. */
public final class SchemaVersion {

    private final AtomicLong changes = new AtomicLong();
    private final boolean othersChangeIt;
    private final EngineTraits traits;

    /**
     * Begins to count.
     *
     * @param othersChangeIt whether other processes may change the schema, too
     */
    public SchemaVersion(boolean othersChangeIt, EngineTraits traits) {
        this.othersChangeIt = othersChangeIt;
        this.traits = traits;
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

    /**
     * Goes behind the text of a statement: an engine that answers with the plan it made of the same text for an earlier schema
     * has none for this one.
     *
     * @param seen the count of changes that the lane has seen
     */
    String mark(long seen) {
        return traits.plansMayBeStale() ? " /*" + seen + "*/" : "";
    }

    /** The engine's own version, as one handle sees it. */
    EngineSchema ofEngine() {
        return new EngineSchema(traits.preparesPragmas());
    }
}
