package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbConnectionMetadata;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.live.LiveTerm;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.TransactionControl;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.CountCursor;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.TransactionOptions;
import com.decentdb.r2dbc.transport.Waits;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** A connection over a {@link Session}: the rules of R2DBC about transactions, timeouts and pooling. */
public final class DefaultConnection extends QueryShortcuts {

    private static final Set<IsolationLevel> LEVELS = Set.of(
            SNAPSHOT,
            IsolationLevel.SERIALIZABLE,
            IsolationLevel.REPEATABLE_READ,
            IsolationLevel.READ_COMMITTED,
            IsolationLevel.READ_UNCOMMITTED);

    private static final Duration PING_PATIENCE = Duration.ofSeconds(10);

    private final Session session;
    private final SessionSettings settings;
    private final LiveTerm live = new LiveTerm();
    private volatile boolean autoCommit = true;
    private volatile IsolationLevel isolation = SNAPSHOT;
    private volatile @Nullable IsolationLevel ofTransaction;
    private volatile Duration lockWait;
    private volatile Duration statementTimeout;
    /** Whether a pool resets the connection through {@link #preRelease()}. */
    private volatile boolean managed;

    public DefaultConnection(Session session, SessionSettings settings) {
        this.session = session;
        this.settings = settings;
        this.lockWait = settings.lockWait();
        this.statementTimeout = settings.statementTimeout();
    }

    @Override
    public Session session() {
        return session;
    }

    @Override
    public SessionSettings settings() {
        return settings;
    }

    @Override
    public Mono<Session> liveSession() {
        return session.sibling();
    }

    @Override
    public boolean givesSessions() {
        return session.isOpen();
    }

    @Override
    public Mono<Void> endOfLife() {
        return live.end();
    }

    @Override
    public DefaultStatement createStatement(String sql) {
        return new DefaultStatement(this, sql, settings.fetchSize());
    }

    @Override
    public DefaultBatch createBatch() {
        return new DefaultBatch(this);
    }

    /** Runs one statement of a script with each list of arguments. */
    Flux<Result> run(SqlCommand sql, List<Value[]> arguments, int fetchSize) {
        TransactionControl control = sql.control();
        return OnDemand.flux(() -> control == null
                ? results(sql, arguments, fetchSize)
                : control(sql, control)
                        .onErrorMap(R2dbcException.class, error -> Errors.map(error, sql.source()))
                        .thenMany(Flux.just(new DefaultResult(this, new CountCursor(0), true))));
    }

    private Flux<Result> results(SqlCommand sql, List<Value[]> arguments, int fetchSize) {
        boolean updates = !sql.reads();
        // Several lists of arguments are one atomic unit, which the queue does not know.
        boolean queued = settings.writeQueueEnabled()
                && sql.kind() == SqlCommand.Kind.DML
                && !sql.returning()
                && arguments.size() == 1;
        Flux<Cursor> cursors = Flux.defer(() -> queued && autoCommit && !session.inTransaction()
                ? session.executeQueued(sql, arguments.get(0), settings.queueTimeout())
                        .flux()
                        .map(CountCursor::new)
                : session.execute(new Command(sql, arguments, fetchSize, lockWait)));
        Duration timeout = statementTimeout;
        Flux<Cursor> timely = timeout.isZero() ? cursors : timely(timeout, cursors, sql);
        Flux<Result> results =
                timely.doOnDiscard(Cursor.class, Cursor::close).map(cursor -> new DefaultResult(this, cursor, updates));
        boolean first = !autoCommit && !session.inTransaction() && session.isOpen();
        return first ? begin(defaults()).thenMany(results) : results;
    }

    private Flux<Cursor> timely(Duration timeout, Flux<Cursor> cursors, SqlCommand sql) {
        return Timeouts.firstWithin(
                timeout,
                session.delivery(),
                cursors,
                Cursor::close,
                () -> Errors.of(
                        "57014",
                        "The statement gave no response within " + timeout.toMillis()
                                + " ms. If it had been started it runs on; outside a transaction a write may still be committed",
                        sql.source()));
    }

    private static DecentDbTransactionDefinition defaults() {
        return DecentDbTransactionDefinition.create();
    }

    private Mono<Void> begin(DecentDbTransactionDefinition definition) {
        IsolationLevel level = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
        if (level != null && !LEVELS.contains(level)) {
            return Mono.error(unsupported(level));
        }
        Duration wait = definition.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT);
        boolean readOnly = Boolean.TRUE.equals(definition.getAttribute(TransactionDefinition.READ_ONLY));
        return session.begin(new TransactionOptions(
                        readOnly,
                        wait == null ? lockWait : Waits.atMostUnlimited(wait),
                        definition.getAttribute(TransactionDefinition.NAME)))
                .doOnSuccess(begun -> ofTransaction = level);
    }

    /** Transaction control written as SQL does the same as the methods. */
    private Mono<Void> control(SqlCommand sql, TransactionControl control) {
        if (control.unexpected() != null) {
            return Mono.error(Errors.of("42601", "Syntax error: unexpected " + control.unexpected(), sql.source()));
        }
        String savepoint = String.valueOf(control.savepoint());
        return switch (sql.kind()) {
            case BEGIN -> begin(definition(control));
            case COMMIT -> commitTransaction();
            case ROLLBACK -> rollbackTransaction();
            case SAVEPOINT -> createSavepoint(savepoint);
            case RELEASE -> releaseSavepoint(savepoint);
            case ROLLBACK_TO -> rollbackTransactionToSavepoint(savepoint);
            default -> setTransaction(definition(control));
        };
    }

    private static DecentDbTransactionDefinition definition(TransactionControl control) {
        DecentDbTransactionDefinition definition = defaults();
        if (control.readOnly() != null) {
            definition = control.readOnly() ? definition.readOnly() : definition.readWrite();
        }
        String level = control.isolationLevel();
        return level == null ? definition : definition.isolationLevel(IsolationLevel.valueOf(level));
    }

    /** What {@code SET TRANSACTION} says of the open transaction, or of the one that begins with it. */
    private Mono<Void> setTransaction(DecentDbTransactionDefinition definition) {
        if (!session.inTransaction()) {
            return autoCommit && session.isOpen()
                    ? Mono.error(Errors.of(
                            "25P01",
                            "SET TRANSACTION is about the open transaction, but there is none; begin one before it",
                            null))
                    : begin(definition);
        }
        IsolationLevel level = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
        if (level != null && !LEVELS.contains(level)) {
            return Mono.error(unsupported(level));
        }
        Boolean readOnly = definition.getAttribute(TransactionDefinition.READ_ONLY);
        Mono<Void> changed = readOnly == null ? Mono.empty() : session.setReadOnly(readOnly);
        return level == null ? changed : changed.doOnSuccess(done -> ofTransaction = level);
    }

    @Override
    public Mono<Void> beginTransaction() {
        return OnDemand.mono(() -> begin(defaults()));
    }

    @Override
    public Mono<Void> beginTransaction(TransactionDefinition definition) {
        DecentDbTransactionDefinition known = DecentDbTransactionDefinition.from(definition);
        return OnDemand.mono(() -> begin(known));
    }

    @Override
    public Mono<Void> commitTransaction() {
        return whenOpen(session::commit);
    }

    @Override
    public Mono<Void> rollbackTransaction() {
        return whenOpen(session::rollback);
    }

    @Override
    public Mono<Void> createSavepoint(String name) {
        String quoted = Identifiers.quote(name);
        return whenOpen(() -> {
            Mono<Void> begun = session.inTransaction() ? Mono.empty() : begin(defaults());
            return begun.then(savepoint("SAVEPOINT " + quoted));
        });
    }

    @Override
    public Mono<Void> releaseSavepoint(String name) {
        String quoted = Identifiers.quote(name);
        return whenOpen(() -> savepoint("RELEASE SAVEPOINT " + quoted));
    }

    @Override
    public Mono<Void> rollbackTransactionToSavepoint(String name) {
        String quoted = Identifiers.quote(name);
        return whenOpen(() -> savepoint("ROLLBACK TO SAVEPOINT " + quoted));
    }

    private Mono<Void> savepoint(String sql) {
        return Mono.defer(() -> {
            if (!session.inTransaction()) {
                return Mono.error(Errors.of("25P01", "No transaction is open, so there are no savepoints", sql));
            }
            return session.execute(Command.of(SqlCommand.of(sql), 1, lockWait))
                    .doOnNext(Cursor::close)
                    .then();
        });
    }

    @Override
    public boolean isAutoCommit() {
        return autoCommit && !session.inTransaction();
    }

    @Override
    public Mono<Void> setAutoCommit(boolean wanted) {
        return whenOpen(() -> {
            if (wanted == isAutoCommit()) {
                autoCommit = wanted;
                return Mono.empty();
            }
            Mono<Void> committed = session.inTransaction() ? session.commit() : Mono.empty();
            return committed.doOnSuccess(done -> autoCommit = wanted);
        });
    }

    /** Starts with demand, and fails if the connection is closed by then, or at once if it is already. */
    @SuppressWarnings("ReachabilityFenceUsage") // what the connection must outlast is the Mono
    private Mono<Void> whenOpen(Supplier<Mono<Void>> work) {
        Mono<Void> checked = Mono.defer(() -> session.isOpen() ? work.get() : Mono.error(Errors.closed()))
                .doFinally(signal -> Reference.reachabilityFence(this));
        return Mono.defer(() -> session.isOpen() ? OnDemand.mono(() -> checked) : checked);
    }

    @Override
    public IsolationLevel getTransactionIsolationLevel() {
        IsolationLevel level = ofTransaction;
        return level != null && session.inTransaction() ? level : isolation;
    }

    @Override
    public Mono<Void> setTransactionIsolationLevel(IsolationLevel level) {
        if (level == null) {
            throw new IllegalArgumentException("The isolation level must not be null");
        }
        return whenOpen(() -> LEVELS.contains(level)
                ? Mono.fromRunnable(() -> {
                    isolation = level;
                    ofTransaction = null;
                })
                : Mono.error(unsupported(level)));
    }

    @Override
    public Mono<Void> setLockWaitTimeout(Duration timeout) {
        requirePositive(timeout, "lock-wait timeout");
        return whenOpen(() -> Mono.fromRunnable(() -> lockWait = Waits.atMostUnlimited(timeout)));
    }

    @Override
    public Mono<Void> setStatementTimeout(Duration timeout) {
        requirePositive(timeout, "statement timeout");
        return whenOpen(() -> Mono.fromRunnable(() -> statementTimeout = Waits.atMostUnlimited(timeout)));
    }

    @Override
    public DecentDbConnectionMetadata getMetadata() {
        return new DefaultConnectionMetadata(session.engine());
    }

    @Override
    public Mono<Boolean> validate(ValidationDepth depth) {
        if (depth == null) {
            throw new IllegalArgumentException("The validation depth must not be null");
        }
        if (depth == ValidationDepth.LOCAL) {
            return Mono.fromSupplier(() -> session.isOpen() && (managed || asNew()));
        }
        Duration patience = statementTimeout.isZero() ? PING_PATIENCE : statementTimeout;
        return OnDemand.mono(() -> Timeouts.within(patience, session.delivery(), session.ping(), Mono.just(false)));
    }

    /**
     * Whether nothing is left of an earlier use. A pool over a proxy does not see that the connection is a Lifecycle; it
     * drops one that it finds otherwise, or the next borrower would get it as it is.
     */
    private boolean asNew() {
        return autoCommit
                && !session.inTransaction()
                && !session.hasOpenResults()
                && isolation == SNAPSHOT
                && lockWait.equals(settings.lockWait())
                && statementTimeout.equals(settings.statementTimeout());
    }

    @Override
    public Mono<Void> close() {
        // What became live while the session was closing has to end, too.
        return Mono.defer(() -> {
            live.next();
            return session.close().doFinally(signal -> live.next());
        });
    }

    @Override
    public Mono<Void> postAllocate() {
        return Mono.fromRunnable(() -> managed = true);
    }

    /** Leaves nothing of one borrower to the next: neither results, watches nor a transaction, TEMP objects nor settings. */
    @Override
    public Publisher<Void> preRelease() {
        return Mono.defer(() -> {
            live.next();
            return session.reset().doOnTerminate(() -> {
                autoCommit = true;
                isolation = SNAPSHOT;
                ofTransaction = null;
                lockWait = settings.lockWait();
                statementTimeout = settings.statementTimeout();
            });
        });
    }

    @Override
    public DecentDbConnection unwrap() {
        return this;
    }

    /** Never gives an executor away: a pool would run its users' code on it. */
    @Override
    public <E> @Nullable E unwrap(Class<E> target) {
        boolean executor = Scheduler.class.isAssignableFrom(target) || Executor.class.isAssignableFrom(target);
        return !executor && target.isInstance(this) ? target.cast(this) : null;
    }

    @Override
    public String toString() {
        return "DecentDbConnection[" + settings.database().name() + "]";
    }

    private static RuntimeException unsupported(IsolationLevel level) {
        return Errors.of("0A000", "The isolation level " + level.asSql() + " is not known to DecentDB", null);
    }

    private static void requirePositive(Duration timeout, String what) {
        if (timeout == null || timeout.isNegative()) {
            throw new IllegalArgumentException("The " + what + " must not be null or negative, it is " + timeout);
        }
    }
}
