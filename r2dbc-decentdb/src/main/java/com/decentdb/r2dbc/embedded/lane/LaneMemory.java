package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.embedded.engine.StatementShapes;
import java.util.concurrent.TimeUnit;

/** The statements and shapes that a lane remembers, none of them older than the schema. Confined to the lane's tasks. */
final class LaneMemory {

    /** Several times what it takes to make the handle of a small database fast; a large one is read longer, too. */
    private static final long WORTH_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    final StatementCache statements;
    final StatementShapes shapes = new StatementShapes();
    private final SchemaVersion version;
    private final EngineSchema engineSchema;
    /** The time that reads took since the schema had this count, and the count for which the handle was made fast. */
    private long readNanos;

    private long readVersion = -1;
    private long warmVersion = -1;
    /** All of it belongs to this count of {@link #version} and to the version in {@link #engineSchema}. */
    private long seenVersion;

    LaneMemory(SchemaVersion version, int statementCacheSize) {
        this.version = version;
        this.engineSchema = version.ofEngine();
        this.statements = new StatementCache(statementCacheSize);
    }

    /** Notes the time of a read; true once for a schema, as soon as its reads took so long that making the handle fast pays. */
    boolean worthWarming(long nanos) {
        long now = version.changes();
        if (now == warmVersion) {
            return false;
        }
        readNanos = now == readVersion ? readNanos + nanos : nanos;
        readVersion = now;
        if (readNanos < WORTH_NANOS) {
            return false;
        }
        warmVersion = now;
        return true;
    }

    /** Forgets all if this JVM changed the schema since. */
    void forgetOldSchema() {
        long now = version.changes();
        if (now != seenVersion) {
            seenVersion = now;
            forget();
        }
    }

    /** Looks whether another process changed the schema since this was last looked at, and forgets all then; true if so. */
    boolean syncSchema(NativeDatabase handle) {
        boolean changed = version.othersChangeIt() && engineSchema.changed(handle);
        if (changed) {
            statements.clear();
            shapes.clear();
        }
        return changed;
    }

    void forget() {
        statements.clear();
        shapes.clear();
        engineSchema.forget();
    }

    /** Closes every statement, before their handle is closed. */
    void close() {
        forget();
        statements.close();
        engineSchema.close();
    }
}
