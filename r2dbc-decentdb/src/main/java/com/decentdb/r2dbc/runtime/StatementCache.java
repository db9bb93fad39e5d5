package com.decentdb.r2dbc.runtime;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeStatement;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Prepared statements of one handle, least recently used last to stay. A statement in use is out of the cache, so that
 * the same SQL may run twice at once. Confined to the handle's thread.
 */
final class StatementCache {

    private final Map<String, NativeStatement> idle = new LinkedHashMap<>(16, 0.75f, true);
    private final int capacity;

    StatementCache(int capacity) {
        this.capacity = capacity;
    }

    NativeStatement take(NativeDatabase database, String sql) {
        NativeStatement kept = idle.remove(sql);
        return kept != null ? kept : database.prepare(sql);
    }

    /** Takes back a statement that may be used again. */
    void giveBack(String sql, NativeStatement statement) {
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

    void clear() {
        idle.values().forEach(NativeStatement::close);
        idle.clear();
    }
}
