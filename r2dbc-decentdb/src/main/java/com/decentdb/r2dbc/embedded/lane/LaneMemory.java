package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.embedded.engine.EngineSchema;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.engine.StatementShapes;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlCommand.Kind;
import java.util.concurrent.TimeUnit;

/** The statements and shapes that a lane remembers, none of them older than the schema. Confined to the lane's tasks. */
final class LaneMemory {

    /** A read this short is as short on any handle. */
    private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    final StatementCache statements;
    final StatementShapes shapes = new StatementShapes();
    private final SchemaVersion version;
    private final EngineSchema engineSchema;
    /** How long it takes to make the handle fast: before it was done, several times what a small database takes. */
    private long warmingNanos = TimeUnit.MILLISECONDS.toNanos(300);
    /** The time of slow reads since the handle was last fast. */
    private long slowNanos;

    private long seenCommits;
    private boolean warm;
    /** The count for which it was. */
    private long warmVersion;

    /** All of it belongs to this count of {@link #version} and to the version in {@link #engineSchema}. */
    private long seenVersion;
    /** Goes behind the text of every statement that reads or writes rows. */
    private String mark = "";

    LaneMemory(SchemaVersion version, int statementCacheSize) {
        this.version = version;
        this.engineSchema = version.ofEngine();
        this.statements = new StatementCache(statementCacheSize);
    }

    /**
     * Notes the time of a read; true if the handle is not fast, and slow reads took as long as making it fast does. So at most
     * twice the time is spent that either of the two would have taken.
     */
    boolean worthWarming(long nanos) {
        if (nanos < SLOW_NANOS || (warm && version.changes() == warmVersion)) {
            return false;
        }
        slowNanos += nanos;
        return slowNanos >= warmingNanos;
    }

    /** Makes the handle fast. */
    boolean warm(NativeDatabase handle) {
        long began = System.nanoTime();
        EngineTraits.warm(handle);
        warmingNanos = System.nanoTime() - began;
        warm = true;
        warmVersion = version.changes();
        slowNanos = 0;
        return true;
    }

    boolean sees(long commits) {
        return commits == seenCommits;
    }

    /** Makes the handle look at so many commits, after which it is no longer fast. */
    boolean refresh(NativeDatabase handle, long commits) {
        warm = false;
        // Describing the schema shows what a checkpoint took out of the log, and a transaction what is in the log.
        handle.listViews();
        Runnable rollback = handle::rollback;
        handle.begin();
        Persistent.insist(rollback);
        seenCommits = commits;
        return true;
    }

    /** Forgets all if this JVM changed the schema since. */
    void forgetOldSchema() {
        long now = version.changes();
        if (now != seenVersion) {
            seenVersion = now;
            mark = version.mark(now);
            forget();
        }
    }

    /** A statement as the engine is given it. */
    String text(SqlCommand sql) {
        boolean planned = sql.kind() == Kind.QUERY || sql.kind() == Kind.DML;
        return planned ? sql.text() + mark : sql.text();
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
