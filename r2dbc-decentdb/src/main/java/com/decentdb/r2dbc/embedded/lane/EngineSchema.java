package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeStatement;
import com.decentdb.ffi.Parameters;
import org.jspecify.annotations.Nullable;

/** The engine's own version of the schema, by which a lane sees what another process changed. Confined to the lane's tasks. */
final class EngineSchema {

    private static final long UNKNOWN = -1;

    private long version = UNKNOWN;
    private @Nullable NativeStatement ask;

    /** Whether it is another one than at the last look. */
    boolean changed(NativeDatabase handle) {
        NativeStatement statement = ask;
        if (statement == null) {
            statement = handle.prepare("PRAGMA schema_version");
            ask = statement;
        }
        statement.bind(Parameters.of(0));
        // Asking for one row more than there is ends the read.
        long now = statement.fetch(2).int64(0, 0);
        boolean changed = now != version;
        version = now;
        return changed;
    }

    void forget() {
        version = UNKNOWN;
    }

    /** Closes its statement, before its handle is. */
    void close() {
        if (ask != null) {
            ask.close();
            ask = null;
        }
    }
}
