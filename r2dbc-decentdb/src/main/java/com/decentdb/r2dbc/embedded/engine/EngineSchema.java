package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeResult;
import com.decentdb.ffi.NativeStatement;
import com.decentdb.ffi.Parameters;
import org.jspecify.annotations.Nullable;

/** The engine's own version of the schema, by which a lane sees what another process changed. Confined to the lane's tasks. */
public final class EngineSchema {

    private static final long UNKNOWN = -1;
    private static final String QUESTION = "PRAGMA schema_version";

    private final boolean preparable;
    private long version = UNKNOWN;
    private @Nullable NativeStatement ask;

    /**
     * A version not asked for yet.
     *
     * @param preparable whether the engine prepares the question, rather than answer it only when it is executed
     */
    public EngineSchema(boolean preparable) {
        this.preparable = preparable;
    }

    /** Whether it is another one than at the last look. */
    public boolean changed(NativeDatabase handle) {
        long now = preparable ? prepared(handle) : executed(handle);
        boolean changed = now != version;
        version = now;
        return changed;
    }

    private long prepared(NativeDatabase handle) {
        NativeStatement statement = ask;
        if (statement == null) {
            statement = handle.prepare(QUESTION);
            ask = statement;
        }
        statement.bind(Parameters.of(0));
        // Asking for one row more than there is ends the read.
        return statement.fetch(2).int64(0, 0);
    }

    private static long executed(NativeDatabase handle) {
        try (NativeResult result = handle.execute(QUESTION, Parameters.of(0))) {
            return result.rows().int64(0, 0);
        }
    }

    public void forget() {
        version = UNKNOWN;
    }

    /** Closes its statement, before its handle is. */
    public void close() {
        if (ask != null) {
            ask.close();
            ask = null;
        }
    }
}
