package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeStatement;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Prepared statements of one handle, least recently used last to stay. A statement in use is lent out, so that the same
 * SQL may run twice at once. Confined to the handle's thread.
 */
final class StatementCache {

    private final Map<String, NativeStatement> idle = new LinkedHashMap<>(16, 0.75f, true);
    /** Whether a statement in use may be kept afterwards. */
    private final Map<NativeStatement, Boolean> lent = new HashMap<>();

    private final int capacity;

    StatementCache(int capacity) {
        this.capacity = capacity;
    }

    NativeStatement take(NativeDatabase database, String sql) {
        NativeStatement kept = idle.remove(sql);
        NativeStatement statement = kept != null ? kept : database.prepare(sql);
        lent.put(statement, true);
        return statement;
    }

    /** Whether a statement is in use; one that is not was closed together with its handle. */
    boolean lent(NativeStatement statement) {
        return lent.containsKey(statement);
    }

    /** Takes back a statement, to be used again if the schema is still the one it was prepared for. */
    void giveBack(String sql, NativeStatement statement) {
        if (!Boolean.TRUE.equals(lent.remove(statement)) || capacity == 0) {
            statement.close();
            return;
        }
        statement.reset();
        NativeStatement other = idle.put(sql, statement);
        if (other != null) {
            other.close();
        }
        if (idle.size() > capacity) {
            String eldest = idle.keySet().iterator().next();
            NativeStatement evicted = idle.remove(eldest);
            if (evicted != null) {
                evicted.close();
            }
        }
    }

    /** Takes back a statement that is not to be used again. */
    void drop(NativeStatement statement) {
        lent.remove(statement);
        statement.close();
    }

    /** Forgets what the schema may have changed under; statements in use are closed when they come back. */
    void clear() {
        idle.values().forEach(NativeStatement::close);
        idle.clear();
        lent.replaceAll((statement, reusable) -> false);
    }

    /** Closes all statements, those in use, too. */
    void close() {
        clear();
        lent.keySet().forEach(NativeStatement::close);
        lent.clear();
    }
}
