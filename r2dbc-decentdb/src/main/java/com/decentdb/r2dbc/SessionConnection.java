package com.decentdb.r2dbc;

import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.runtime.Command;
import com.decentdb.r2dbc.runtime.Cursor;
import com.decentdb.r2dbc.runtime.Errors;
import com.decentdb.r2dbc.runtime.Session;
import com.decentdb.r2dbc.runtime.TransactionOptions;
import com.decentdb.r2dbc.sql.SqlCommand;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/** A connection over a {@link Session}: the rules of R2DBC about transactions, timeouts and pooling. */
final class SessionConnection extends Conveniences {

    private static final Set<IsolationLevel> LEVELS = Set.of(
            SNAPSHOT,
            IsolationLevel.SERIALIZABLE,
            IsolationLevel.REPEATABLE_READ,
            IsolationLevel.READ_COMMITTED,
            IsolationLevel.READ_UNCOMMITTED);

    private final Session session;
    private final Settings settings;
    private volatile boolean autoCommit = true;
    private volatile IsolationLevel isolation = SNAPSHOT;
    private volatile Duration lockWait;
    private volatile Duration statementTimeout;
    private volatile Sinks.Empty<Void> borrower = Sinks.empty();

    SessionConnection(Session session, Settings settings) {
        this.session = session;
        this.settings = settings;
        this.lockWait = settings.lockWait();
        this.statementTimeout = settings.statementTimeout();
    }

    @Override
    Session session() {
        return session;
    }

    @Override
    Settings settings() {
        return settings;
    }

    @Override
    Mono<Session> liveSession() {
        return session.sibling();
    }

    @Override
    Mono<Void> endOfLife() {
        return borrower.asMono();
    }

    private void endLife() {
        Sinks.Empty<Void> ended = borrower;
        borrower = Sinks.empty();
        ended.tryEmitEmpty();
    }

    @Override
    public SessionStatement createStatement(String sql) {
        return new SessionStatement(this, sql, settings.fetchSize());
    }

    @Override
    public SessionBatch createBatch() {
        return new SessionBatch(this);
    }

    /** Runs one statement of a script with each list of arguments. */
    Flux<Result> run(SqlCommand sql, String suffix, List<Value[]> arguments, int fetchSize) {
        if (sql.kind().transactionControl()) {
            return control(sql).thenMany(Flux.just(new CursorResult(new CountCursor(0), true)));
        }
        SqlCommand complete = suffix.isEmpty() ? sql : SqlCommand.of(sql.text() + suffix);
        boolean updates = sql.kind() != SqlCommand.Kind.QUERY;
        boolean queued = settings.writeQueueEnabled()
                && sql.kind() == SqlCommand.Kind.DML
                && !complete.returning()
                && arguments.size() == 1;
        Flux<Cursor> cursors = Flux.defer(() -> queued && autoCommit && !session.inTransaction()
                ? session.executeQueued(complete, arguments.get(0), settings.queueTimeout())
                        .flux()
                        .map(CountCursor::new)
                : session.execute(new Command(complete, arguments, fetchSize, lockWait)));
        Duration timeout = statementTimeout;
        Flux<Cursor> timely = timeout.isZero() ? cursors : within(timeout, cursors, sql);
        Flux<Result> results =
                timely.doOnDiscard(Cursor.class, Cursor::close).map(cursor -> new CursorResult(cursor, updates));
        return autoCommit ? results : startIfNeeded().thenMany(results);
    }

    /** Fails if there is no first response in time; one that comes at that very moment is given up. */
    private static Flux<Cursor> within(Duration timeout, Flux<Cursor> cursors, SqlCommand sql) {
        return Flux.defer(() -> {
            Cursor tooLate = new CountCursor(0);
            AtomicReference<@Nullable Cursor> first = new AtomicReference<>();
            Flux<Cursor> failure = Flux.defer(() -> {
                Cursor dropped = first.getAndSet(tooLate);
                if (dropped != null) {
                    dropped.close();
                }
                return Flux.error(Errors.of(
                        "57014",
                        "The statement gave no response within " + timeout.toMillis()
                                + " ms. If it had been started it runs on; outside a transaction a write may still be"
                                + " committed",
                        sql.text()));
            });
            return cursors.doOnNext(cursor -> {
                        if (!first.compareAndSet(null, cursor) && first.get() == tooLate) {
                            cursor.close();
                        }
                    })
                    .timeout(Mono.delay(timeout), response -> Mono.never(), failure);
        });
    }

    /** With auto-commit off a statement begins the transaction it runs in. */
    private Mono<Void> startIfNeeded() {
        return Mono.defer(() -> session.inTransaction() || autoCommit ? Mono.empty() : begin(false, lockWait));
    }

    private Mono<Void> begin(boolean readOnly, Duration wait) {
        return session.begin(new TransactionOptions(readOnly, wait));
    }

    /** Transaction control written as SQL does the same as the methods. */
    private Mono<Void> control(SqlCommand sql) {
        String savepoint = sql.savepoint();
        return switch (sql.kind()) {
            case BEGIN -> begin(sql.readOnly(), lockWait);
            case COMMIT -> commitTransaction();
            case ROLLBACK -> rollbackTransaction();
            case SAVEPOINT -> createSavepoint(String.valueOf(savepoint));
            case RELEASE -> releaseSavepoint(String.valueOf(savepoint));
            case ROLLBACK_TO -> rollbackTransactionToSavepoint(String.valueOf(savepoint));
            case SET_TRANSACTION ->
                Mono.error(Errors.of(
                        "0A000",
                        "SET TRANSACTION is not supported; give the definition to beginTransaction, or write"
                                + " BEGIN READ ONLY",
                        sql.text()));
            default -> Mono.error(new IllegalStateException("Not transaction control: " + sql.kind()));
        };
    }

    @Override
    public Mono<Void> beginTransaction() {
        return Mono.defer(() -> begin(false, lockWait));
    }

    @Override
    public Mono<Void> beginTransaction(TransactionDefinition definition) {
        if (definition == null) {
            throw new IllegalArgumentException("The definition must not be null");
        }
        return Mono.defer(() -> {
            IsolationLevel level = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
            if (level != null && !LEVELS.contains(level)) {
                return Mono.error(unsupported(level));
            }
            Duration wait = definition.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT);
            boolean readOnly = Boolean.TRUE.equals(definition.getAttribute(TransactionDefinition.READ_ONLY));
            return begin(readOnly, wait == null ? lockWait : OptionReader.atMostForEver(wait));
        });
    }

    @Override
    public Mono<Void> commitTransaction() {
        return session.commit();
    }

    @Override
    public Mono<Void> rollbackTransaction() {
        return session.rollback();
    }

    @Override
    public Mono<Void> createSavepoint(String name) {
        String quoted = Identifiers.quote(name);
        return Mono.defer(() -> {
            Mono<Void> begun = session.inTransaction() ? Mono.empty() : begin(false, lockWait);
            return begun.then(savepoint("SAVEPOINT " + quoted));
        });
    }

    @Override
    public Mono<Void> releaseSavepoint(String name) {
        return savepoint("RELEASE SAVEPOINT " + Identifiers.quote(name));
    }

    @Override
    public Mono<Void> rollbackTransactionToSavepoint(String name) {
        return savepoint("ROLLBACK TO SAVEPOINT " + Identifiers.quote(name));
    }

    private Mono<Void> savepoint(String sql) {
        return Mono.defer(() -> {
            if (!session.inTransaction()) {
                return Mono.error(Errors.of("25000", "No transaction is open, so there are no savepoints", sql));
            }
            Value[] none = {};
            return session.execute(new Command(SqlCommand.of(sql), List.<Value[]>of(none), 1, lockWait))
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
        return Mono.defer(() -> {
            if (wanted == isAutoCommit()) {
                autoCommit = wanted;
                return Mono.empty();
            }
            Mono<Void> committed = session.inTransaction() ? session.commit() : Mono.empty();
            return committed.doOnSuccess(done -> autoCommit = wanted);
        });
    }

    @Override
    public IsolationLevel getTransactionIsolationLevel() {
        return isolation;
    }

    @Override
    public Mono<Void> setTransactionIsolationLevel(IsolationLevel level) {
        if (level == null) {
            throw new IllegalArgumentException("The isolation level must not be null");
        }
        return LEVELS.contains(level) ? Mono.fromRunnable(() -> isolation = level) : Mono.error(unsupported(level));
    }

    @Override
    public Mono<Void> setLockWaitTimeout(Duration timeout) {
        requirePositive(timeout, "lock-wait timeout");
        return Mono.fromRunnable(() -> lockWait = OptionReader.atMostForEver(timeout));
    }

    @Override
    public Mono<Void> setStatementTimeout(Duration timeout) {
        requirePositive(timeout, "statement timeout");
        return Mono.fromRunnable(() -> statementTimeout = OptionReader.atMostForEver(timeout));
    }

    @Override
    public DecentDbConnectionMetadata getMetadata() {
        EngineInfo engine = session.engine();
        return new DecentDbConnectionMetadata() {
            @Override
            public EngineInfo engine() {
                return engine;
            }

            @Override
            public String getDatabaseProductName() {
                return "DecentDB";
            }

            @Override
            public String getDatabaseVersion() {
                return engine.version();
            }
        };
    }

    @Override
    public Mono<Boolean> validate(ValidationDepth depth) {
        if (depth == null) {
            throw new IllegalArgumentException("The validation depth must not be null");
        }
        return depth == ValidationDepth.LOCAL ? Mono.fromSupplier(session::isOpen) : session.ping();
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
            endLife();
            return session.close();
        });
    }

    @Override
    public Mono<Void> postAllocate() {
        return Mono.empty();
    }

    /** Leaves nothing of one borrower to the next: neither results nor watches nor a transaction nor settings. */
    @Override
    public Publisher<Void> preRelease() {
        return Mono.defer(() -> {
            session.abandonResults();
            endLife();
            Mono<Void> ended = session.inTransaction() ? session.rollback() : Mono.empty();
            return ended.doOnTerminate(() -> {
                autoCommit = true;
                isolation = SNAPSHOT;
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
