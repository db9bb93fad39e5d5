package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeResult;
import com.decentdb.ffi.NativeStatement;
import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.engine.NativeParameters;
import com.decentdb.r2dbc.embedded.engine.StatementShapes;
import com.decentdb.r2dbc.embedded.meter.DatabaseCounters;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlCommand.Kind;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.Errors;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * One native handle and the right to call it, which passes from worker to worker: the lane's tasks run one at a time, each after
 * what the earlier ones did. A handle that reports that it is broken is replaced; what it held, its transaction included, is lost. All
 * methods but {@link #execute}, {@link #interrupts}, {@link #busy}, {@link #isOpen}, {@link #close} and {@link #database()} are for those.
 */
public final class Lane extends LaneTasks {

    private static final Logger LOG = Loggers.getLogger(Lane.class);

    private final Supplier<NativeDatabase> opener;
    private final @Nullable String lossMessage;
    private final SchemaVersion version;
    private final FileGuard guard;
    final DatabaseCounters counters;
    private final LaneMemory memory;
    private final StatementCache statements;
    private final StatementShapes shapes;
    private final Parameters parameters = Parameters.of(4);
    private final Interrupts interrupts = new Interrupts(() -> this.database);
    private volatile @Nullable NativeDatabase database;
    private volatile boolean busy;
    /** Counts the calls of the handle; published by {@code busy}. */
    private long calls;
    /** Whether a slow subscriber keeps it; guarded by the {@link SharedReadLanes}. */
    boolean resting;

    private final Runnable rollback = this::endTransaction;
    private boolean lost;
    private boolean inTransaction;
    /** Whether the open transaction keeps other processes from the file. */
    private boolean guarded;
    /** Whether the snapshot of the open transaction may have another schema than the remembered one. */
    private boolean schemaUnknown;
    /** Whether the open transaction changed the schema; its end changes it for all handles. */
    private boolean schemaTouched;

    /**
     * Creates a lane; its handle is opened with the first use.
     *
     * @param lossMessage what to say if the handle broke and no other handle can take its place; null if one can
     * @param guard keeps other processes from the file while the lane writes
     */
    public Lane(
            Supplier<NativeDatabase> opener,
            @Nullable String lossMessage,
            SchemaVersion version,
            FileGuard guard,
            DatabaseCounters counters,
            int statementCacheSize) {
        this.opener = opener;
        this.lossMessage = lossMessage;
        this.version = version;
        this.guard = guard;
        this.counters = counters;
        this.memory = new LaneMemory(version, statementCacheSize);
        this.statements = memory.statements;
        this.shapes = memory.shapes;
    }

    /** The handle, opened on first use. */
    public NativeDatabase database() {
        NativeDatabase open = database;
        if (open == null) {
            refuseIfClosed();
            if (lost) {
                throw Errors.of("08006", String.valueOf(lossMessage), null);
            }
            open = opener.get();
            database = open;
        }
        return open;
    }

    /** Whether its handle is open; any thread. */
    public boolean isOpen() {
        return database != null;
    }

    /** Calls the handle; every call must come through here, since any of them may find it broken. */
    public <T extends @Nullable Object> T call(Function<NativeDatabase, T> call) {
        interrupts.check();
        boolean within = busy;
        calls++;
        busy = true;
        try {
            return call.apply(database());
        } catch (Throwable e) {
            if (EngineTraits.breaksHandle(e)) {
                discardHandle();
            }
            throw e;
        } finally {
            busy = within;
        }
    }

    /** Ends what runs on the lane; any thread. */
    public Interrupts interrupts() {
        return interrupts;
    }

    /** Whether the engine is in a call now, which may take any time; any thread. */
    public boolean busy() {
        return busy;
    }

    public long calls() {
        return calls;
    }

    /** Makes the handle see so many commits, where an engine may answer from what the handle holds in memory. */
    public void refresh(long commits) {
        if (!inTransaction && !memory.sees(commits)) {
            call(handle -> memory.refresh(handle, commits));
        }
    }

    public boolean inTransaction() {
        return inTransaction;
    }

    /** Begins a transaction; there is none if this fails. */
    public void begin() {
        begin(guard::begin);
    }

    /** Begins a transaction that is to write. While {@link #lockedElsewhere} says so of the error, it may be tried again. */
    public void beginWriting() {
        begin(handle -> guard.beginWriting(handle, NativeDatabase::begin));
        guarded = true;
    }

    /** Makes a call that writes without a transaction. While {@link #lockedElsewhere} says so of the error, as above. */
    public <T extends @Nullable Object> T alone(Supplier<T> write) {
        return guard.alone(database(), write);
    }

    /** Whether a call did nothing because another process has the lock of the file. */
    public boolean lockedElsewhere(Throwable error) {
        return guard.refused(error);
    }

    private void begin(Consumer<NativeDatabase> how) {
        try {
            call(handle -> {
                how.accept(handle);
                inTransaction = true;
                schemaUnknown = true;
                return handle;
            });
        } catch (Throwable e) {
            rollback();
            throw e;
        }
    }

    /** Commits; if this fails a {@link #rollback} is due. */
    public void commit() {
        call(NativeDatabase::commit);
        transactionEnded();
    }

    /** Ends the transaction if one is open; a handle that cannot is replaced, so that the next transaction finds no remains. */
    public void rollback() {
        // A transaction that stays open for lack of memory would be that of whatever runs next.
        Persistent.insist(rollback);
        transactionEnded();
    }

    private void endTransaction() {
        NativeDatabase open = database;
        try {
            if (open != null && open.inTransaction()) {
                open.rollback();
            }
        } catch (VirtualMachineError e) {
            throw e;
        } catch (Throwable e) {
            discardHandle();
        }
    }

    private void transactionEnded() {
        inTransaction = false;
        if (guarded) {
            guarded = false;
            guard.ended();
        }
        if (schemaTouched) {
            schemaTouched = false;
            version.changed();
        }
    }

    /** Whether the statement only reads; asks the engine unless that is known. */
    public boolean reads(SqlCommand sql) {
        if (!sql.reads()) {
            return false;
        }
        memory.forgetOldSchema();
        StatementShapes.Shape known = shapes.find(sql);
        return known == null ? call(handle -> shapes.get(handle, sql)).readOnly() : known.readOnly();
    }

    /** Notes the time of a read outside transactions; true as soon as it pays to {@link #warm} the handle. */
    public boolean worthWarming(long nanos) {
        return memory.worthWarming(nanos);
    }

    /** Makes the handle read fast, until it sees what another one commits or the schema changes. */
    public void warm() {
        call(memory::warm);
    }

    /** Runs a statement up to its first {@code fetchSize} rows. */
    public LaneOutcome run(SqlCommand sql, Value[] arguments, int fetchSize) {
        NativeParameters.fill(parameters, arguments);
        return counters.counted(sql.kind(), 1, () -> call(handle -> runKnown(handle, sql, fetchSize)));
    }

    private LaneOutcome runKnown(NativeDatabase handle, SqlCommand sql, int fetchSize) {
        // Within a transaction its snapshot is known since it was begun.
        boolean settled = inTransaction || !sql.reads();
        try {
            LaneOutcome run = runOnce(handle, sql, fetchSize);
            boolean known = settled || run.showsTypes() || !memory.syncSchema(handle);
            return known ? run : run.as(shapes.get(handle, sql));
        } catch (NativeException e) {
            // A statement prepared for the old schema may fail on the new one.
            if (settled || EngineTraits.breaksHandle(e) || !memory.syncSchema(handle)) {
                throw e;
            }
            return runOnce(handle, sql, fetchSize);
        }
    }

    private LaneOutcome runOnce(NativeDatabase handle, SqlCommand sql, int fetchSize) {
        memory.forgetOldSchema();
        if (inTransaction && schemaUnknown && (sql.reads() || sql.returning())) {
            // Without rows there are no types that could be old, and the engine prepares statements anew by itself.
            memory.syncSchema(handle);
            schemaUnknown = false;
        }
        boolean preparable = sql.kind() == Kind.QUERY || sql.kind() == Kind.DML;
        if (!preparable || EngineTraits.needsDirectExecution(sql)) {
            return runDirectly(handle, sql);
        }
        try {
            return runPrepared(handle, sql, fetchSize);
        } catch (NativeException e) {
            if (!EngineTraits.refusesOldSchema(e)) {
                throw e;
            }
            memory.forget();
            return runPrepared(handle, sql, fetchSize);
        }
    }

    private LaneOutcome runPrepared(NativeDatabase handle, SqlCommand sql, int fetchSize) {
        StatementCache.Kept kept = statements.take(handle, memory.text(sql));
        NativeStatement statement = kept.statement();
        boolean whole = false;
        try {
            if (!statement.accepts(parameters)) {
                statements.giveBack(kept, true);
                whole = true;
                return runDirectly(handle, sql);
            }
            statement.bind(parameters);
            List<String> names = statement.columnNames();
            if (names.isEmpty()) {
                LaneOutcome run = LaneOutcome.withoutRows(statement.affectedRows());
                statements.giveBack(kept, true);
                whole = true;
                return run;
            }
            StatementShapes.Shape shape = shapes.get(handle, sql);
            RowBatch rows = shapes.rows(handle, shape, statement.fetch(fetchSize));
            List<Column> columns = shape.resolve(names, rows);
            long affected = sql.reads() ? 0 : statement.affectedRows();
            boolean ends = rows.rows() < fetchSize;
            LaneOutcome run = new LaneOutcome(columns, affected, rows, ends ? null : kept, shape);
            if (ends) {
                statements.giveBack(kept, rows.rows() <= StatementCache.FEW_ROWS);
            } else {
                statements.stream(kept);
            }
            whole = true;
            return run;
        } finally {
            if (!whole) {
                statements.drop(kept);
            }
        }
    }

    private LaneOutcome runDirectly(NativeDatabase handle, SqlCommand sql) {
        try (NativeResult result = handle.execute(memory.text(sql), parameters)) {
            if (result.columnCount() == 0) {
                return LaneOutcome.withoutRows(result.affectedRows());
            }
            StatementShapes.Shape shape = shapes.get(handle, sql);
            RowBatch rows = shapes.rows(handle, shape, result.rows());
            List<Column> columns = shape.resolve(result.columnNames(), rows);
            long affected = sql.kind() == Kind.DML ? result.affectedRows() : 0;
            return new LaneOutcome(columns, affected, rows, null, shape);
        } finally {
            schemaMayHaveChanged(sql);
        }
    }

    private void schemaMayHaveChanged(SqlCommand sql) {
        if (sql.kind() == Kind.OTHER || (sql.kind() == Kind.ROLLBACK_TO && schemaTouched)) {
            schemaTouched |= inTransaction;
            version.changed();
        }
    }

    /** The next rows of {@link LaneOutcome#rest()}, which is to be finished or dropped; none at the end. */
    RowBatch fetch(LaneOutcome run, StatementCache.Kept rest, int fetchSize) {
        return call(handle -> {
            if (!statements.streams(rest)) {
                throw Errors.of("40000", "The engine failed and was restarted before all rows were read", null);
            }
            return shapes.rows(handle, run.shape(), rest.statement().fetch(fetchSize));
        });
    }

    void finish(StatementCache.Kept rest) {
        statements.giveBack(rest, false);
    }

    void drop(StatementCache.Kept rest) {
        statements.drop(rest);
    }

    /** The memory of the schema as it is now. */
    LaneMemory memory() {
        memory.forgetOldSchema();
        return memory;
    }

    /** Whether {@code handle} is still in use; if another handle took its place, everything it held is lost. */
    public boolean holds(NativeDatabase handle) {
        return handle == database;
    }

    /** Closes the handle after an internal failure; the next use opens a new handle, if one can take its place. */
    public void discardHandle() {
        lost = lossMessage != null;
        closeHandle();
    }

    /** A handle for whose end there is no memory stays, to be closed again. */
    @Override
    void closeHandle() {
        NativeDatabase broken = database;
        if (broken != null) {
            try {
                memory.close();
            } catch (RuntimeException e) {
                LOG.debug("A statement was closed with an error", e);
            }
            broken.close();
            database = null;
        }
        transactionEnded();
    }

    @Override
    Lane lane() {
        return this;
    }
}
