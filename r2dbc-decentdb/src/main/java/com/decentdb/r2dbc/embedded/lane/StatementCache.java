package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeStatement;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Prepared statements of one handle, of which the least recently used goes first. A statement in use is lent out, so that the
 * same SQL may run twice at once. Confined to the tasks of the lane.
 */
final class StatementCache {

    /** So many rows may stay with a statement not in use. */
    static final int FEW_ROWS = 16;

    /** A prepared statement and whether somebody uses it. */
    static final class Kept {

        private final String sql;
        private @Nullable NativeStatement statement;
        private boolean lent = true;

        private Kept(String sql) {
            this.sql = sql;
        }

        NativeStatement statement() {
            return Objects.requireNonNull(statement);
        }

        private void close() {
            if (statement != null) {
                statement.close();
            }
        }
    }

    private final Map<String, Kept> known = new LinkedHashMap<>(16, 0.75f, true);
    /** Those whose rows are being read over several tasks. */
    private final Set<Kept> streaming = new HashSet<>();

    private final int capacity;

    StatementCache(int capacity) {
        this.capacity = capacity;
    }

    Kept take(NativeDatabase database, String sql) {
        Kept kept = known.get(sql);
        if (kept != null && !kept.lent) {
            kept.lent = true;
            return kept;
        }
        // The steps that need memory come first: a statement that no object refers to would stay open.
        Kept fresh = new Kept(sql);
        boolean whole = false;
        try {
            if (kept == null && capacity > 0) {
                known.put(sql, fresh);
                evict();
            }
            fresh.statement = database.prepare(sql);
            whole = true;
        } finally {
            if (!whole) {
                known.remove(sql, fresh);
            }
        }
        return fresh;
    }

    private void evict() {
        if (known.size() <= capacity) {
            return;
        }
        Iterator<Kept> eldest = known.values().iterator();
        Kept evicted = eldest.next();
        eldest.remove();
        if (!evicted.lent) {
            evicted.close();
        }
    }

    /** Notes that a statement stays in use beyond the present task. */
    void stream(Kept kept) {
        streaming.add(kept);
    }

    /** Whether a statement whose rows are being read can still be read; it cannot after its handle was closed. */
    boolean streams(Kept kept) {
        return streaming.contains(kept);
    }

    /**
     * Takes back a statement, to be used again if the schema is still the one it was prepared for.
     *
     * @param empty whether it holds next to no rows, so that they need not be dropped before the next use
     */
    void giveBack(Kept kept, boolean empty) {
        streaming.remove(kept);
        if (known.get(kept.sql) != kept) {
            kept.close();
            return;
        }
        if (!empty) {
            kept.statement().reset();
        }
        kept.lent = false;
    }

    /** Takes back a statement that is not to be used again. */
    void drop(Kept kept) {
        streaming.remove(kept);
        known.remove(kept.sql, kept);
        kept.close();
    }

    /** Forgets what the schema may have changed under; statements in use are closed when they come back. */
    void clear() {
        for (Kept kept : known.values()) {
            if (!kept.lent) {
                kept.close();
            }
        }
        known.clear();
    }

    /** Closes all statements, those in use, too. */
    void close() {
        known.values().forEach(Kept::close);
        known.clear();
        streaming.forEach(Kept::close);
        streaming.clear();
    }
}
