package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.ChangeStreamOption;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbConnectionMetadata;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import com.decentdb.r2dbc.api.LiveData;
import com.decentdb.r2dbc.api.LiveQuery;
import com.decentdb.r2dbc.api.TransactionState;
import com.decentdb.r2dbc.api.WatchEvent;
import com.decentdb.r2dbc.api.WriteOutcome;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.api.schema.SchemaInspection;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Endings;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.result.DefaultResult;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.TransactionControl;
import com.decentdb.r2dbc.transport.CountCursor;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.SessionSource;
import com.decentdb.r2dbc.transport.Waits;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** A connection over a {@link Session}: the rules of R2DBC about statements, timeouts and pooling. */
public final class DefaultConnection implements DecentDbConnection {

    private final Session session;
    private final SessionSettings settings;
    private final ConnectionTransactions transactions;
    private final Endings endings;
    private final Mono<Void> close;
    private final QueryShortcuts shortcuts = new QueryShortcuts(this);
    private final QueuedWrites queuedWrites = new QueuedWrites(this);
    private final LiveTerm live = new LiveTerm(this);
    private final LiveData liveData;
    private volatile Duration statementTimeout;
    /** Whether the session itself bounds how long statements take. */
    private final boolean sessionBounds;
    /** Whether a pool resets the connection through {@link #preRelease()}. */
    private volatile boolean managed;

    /** @param liveData makes the live data of the connection */
    public DefaultConnection(
            Session session, SessionSettings settings, Function<? super SessionSource, ? extends LiveData> liveData) {
        this.session = session;
        this.settings = settings;
        this.transactions = new ConnectionTransactions(session, settings);
        this.endings = new Endings(session.delivery());
        this.statementTimeout = settings.statementTimeout();
        this.sessionBounds = session.boundsStatements(statementTimeout);
        this.liveData = liveData.apply(live);
        // Operators that close a connection lose what is thrown when there is no memory to begin that.
        this.close = OnDemand.mono(this::closeNow);
    }

    Session session() {
        return session;
    }

    SessionSettings settings() {
        return settings;
    }

    @Override
    public DefaultStatement createStatement(String sql) {
        return new DefaultStatement(this, sql, settings.fetchSize());
    }

    @Override
    public DefaultBatch createBatch() {
        return new DefaultBatch(this);
    }

    ConnectionTransactions transactions() {
        return transactions;
    }

    /** Behind which everything waits that is asked of the connection. */
    Endings endings() {
        return endings;
    }

    /** The bound of statements that the session leaves to its connection; zero for none. */
    Duration statementTimeout() {
        return sessionBounds ? Duration.ZERO : statementTimeout;
    }

    private void boundStatements(Duration timeout) {
        statementTimeout = timeout;
        boolean unused = session.boundsStatements(timeout);
    }

    /** Runs one statement of a script with each list of arguments. */
    Flux<Result> run(SqlCommand sql, List<Value[]> arguments, int fetchSize) {
        TransactionControl control = sql.control();
        return control == null
                ? new StatementFlux(this, sql, arguments, fetchSize)
                : OnDemand.flux(() -> whenOpen(() -> transactions.control(sql, control))
                        .onErrorMap(R2dbcException.class, error -> Errors.map(error, sql.source()))
                        .thenMany(Flux.just(new DefaultResult(this, new CountCursor(0), true))));
    }

    @Override
    public Mono<Void> beginTransaction() {
        return behindEndings(transactions::begin);
    }

    @Override
    public Mono<Void> beginTransaction(TransactionDefinition definition) {
        DecentDbTransactionDefinition known = DecentDbTransactionDefinition.from(definition);
        return behindEndings(() -> transactions.begin(known));
    }

    @Override
    public Mono<Void> commitTransaction() {
        return whenOpen(transactions::commit);
    }

    @Override
    public Mono<Void> rollbackTransaction() {
        return whenOpen(transactions::rollback);
    }

    @Override
    public Mono<Void> createSavepoint(String name) {
        String quoted = Identifiers.quote(name);
        return whenOpen(() -> transactions.createSavepoint(quoted));
    }

    @Override
    public Mono<Void> releaseSavepoint(String name) {
        String quoted = Identifiers.quote(name);
        return whenOpen(() -> transactions.releaseSavepoint(quoted));
    }

    @Override
    public Mono<Void> rollbackTransactionToSavepoint(String name) {
        String quoted = Identifiers.quote(name);
        return whenOpen(() -> transactions.rollbackToSavepoint(quoted));
    }

    @Override
    public boolean isAutoCommit() {
        return transactions.autoCommit();
    }

    @Override
    public Mono<Void> setAutoCommit(boolean wanted) {
        return whenOpen(() -> transactions.setAutoCommit(wanted));
    }

    private <T> Mono<T> behindEndings(Supplier<Mono<T>> work) {
        return OnDemand.mono(() -> endings.behind(work));
    }

    /** Starts with demand, and fails if the connection is closed by then, or at once if it is already. */
    private Mono<Void> whenOpen(Supplier<Mono<Void>> work) {
        return whileOpen(() -> endings.behind(work));
    }

    /** As {@link #whenOpen}, for the work of blocks, which waits for no cancelled one. */
    @SuppressWarnings("ReachabilityFenceUsage") // the connection must outlast the Mono
    Mono<Void> whileOpen(Supplier<Mono<Void>> work) {
        Mono<Void> checked = Mono.defer(() -> session.isOpen() ? work.get() : Mono.error(Errors.closed()))
                .doFinally(signal -> Reference.reachabilityFence(this));
        return Mono.defer(() -> session.isOpen() ? OnDemand.mono(() -> checked) : checked);
    }

    @Override
    public IsolationLevel getTransactionIsolationLevel() {
        return transactions.isolation();
    }

    @Override
    public Mono<Void> setTransactionIsolationLevel(IsolationLevel level) {
        Arguments.required(level, "isolation level");
        return whenOpen(() -> transactions.setIsolation(level));
    }

    @Override
    public Mono<Void> setLockWaitTimeout(Duration timeout) {
        Timeouts.require(timeout, "lock-wait timeout");
        return whenOpen(() -> Mono.fromRunnable(() -> transactions.setLockWait(Waits.atMostUnlimited(timeout))));
    }

    @Override
    public Mono<Void> setStatementTimeout(Duration timeout) {
        Timeouts.require(timeout, "statement timeout");
        return whenOpen(() -> Mono.fromRunnable(() -> boundStatements(Waits.atMostUnlimited(timeout))));
    }

    @Override
    public DecentDbConnectionMetadata getMetadata() {
        return new DefaultConnectionMetadata(session.engine(), session.product());
    }

    @Override
    public Mono<Boolean> validate(ValidationDepth depth) {
        if (Arguments.required(depth, "validation depth") == ValidationDepth.LOCAL) {
            return Mono.fromSupplier(() -> session.isOpen() && (managed || inInitialState()));
        }
        Duration patience = statementTimeout().isZero() ? Timeouts.OF_PING : statementTimeout;
        return OnDemand.mono(() -> Timeouts.within(patience, session.delivery(), session.ping(), Mono.just(false)));
    }

    /**
     * Whether nothing is left of an earlier use. A pool over a proxy does not see that the connection is a Lifecycle; it
     * drops a connection in another state, which the next borrower would otherwise get as it is.
     */
    private boolean inInitialState() {
        return transactions.inInitialState()
                && !session.hasOpenResults()
                && statementTimeout.equals(settings.statementTimeout());
    }

    @Override
    public Mono<Void> close() {
        return close;
    }

    private Mono<Void> closeNow() {
        live.next();
        // A watch that began while the session was closing has to end, too.
        return session.close().doOnTerminate(live::next).doOnCancel(live::next);
    }

    /** Also a pool that released the connection without {@link #preRelease()}, as after a cancellation, gives it out as new. */
    @Override
    public Mono<Void> postAllocate() {
        return OnDemand.mono(() -> {
            managed = true;
            return endings.behind(() -> inInitialState() ? Mono.empty() : reset());
        });
    }

    /** Leaves nothing of one borrower to the next: neither results, watches nor a transaction, TEMP objects nor settings. */
    @Override
    public Publisher<Void> preRelease() {
        return behindEndings(this::reset);
    }

    private Mono<Void> reset() {
        live.next();
        return session.reset().doOnTerminate(() -> {
            transactions.reset();
            boundStatements(settings.statementTimeout());
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
        return executor || !target.isInstance(this) ? null : target.cast(this);
    }

    @Override
    public Flux<Map<String, @Nullable Object>> fetch(String sql, @Nullable Object... arguments) {
        return shortcuts.maps(sql, arguments);
    }

    @Override
    public Flux<List<@Nullable Object>> fetchLists(String sql, @Nullable Object... arguments) {
        return shortcuts.lists(sql, arguments);
    }

    @Override
    public <T> Mono<T> fetchValue(String sql, Class<T> type, @Nullable Object... arguments) {
        return shortcuts.value(sql, type, arguments);
    }

    @Override
    public Mono<Long> execute(String sql, @Nullable Object... arguments) {
        return shortcuts.execute(sql, arguments);
    }

    @Override
    public Mono<Long> executeMany(String sql, Publisher<? extends @Nullable Object[]> arguments) {
        return shortcuts.executeMany(sql, arguments);
    }

    @Override
    public Mono<TransactionState> transactionState() {
        return behindEndings(session::transactionState);
    }

    @Override
    public <T> Flux<T> inTransaction(Function<? super DecentDbConnection, ? extends Publisher<T>> work) {
        return shortcuts.inTransaction(work);
    }

    @Override
    public Mono<Long> executeQueued(String sql, @Nullable Object... arguments) {
        return queuedWrites.one(sql, arguments);
    }

    @Override
    public Flux<Long> executeQueued(String sql, Publisher<? extends @Nullable Object[]> arguments) {
        return queuedWrites.counts(sql, arguments);
    }

    @Override
    public Flux<WriteOutcome> executeQueuedEach(String sql, Publisher<? extends @Nullable Object[]> arguments) {
        return queuedWrites.each(sql, arguments);
    }

    @Override
    public Mono<WriteQueueMetrics> writeQueueMetrics() {
        return session.writeQueueMetrics();
    }

    @Override
    public Mono<Void> setAuditContext(String key, @Nullable String value) {
        Arguments.notEmpty(key, "key");
        return behindEndings(() -> session.setAuditContext(key, value));
    }

    @Override
    public Mono<Void> checkpoint() {
        return behindEndings(session::checkpoint);
    }

    @Override
    public Mono<Void> saveAs(Path path) {
        Arguments.required(path, "path");
        return behindEndings(() -> session.saveAs(path));
    }

    @Override
    public Flux<WatchEvent> watchTable(String... tables) {
        return liveData.watchTable(tables);
    }

    @Override
    public Flux<WatchEvent> watchRange(String table, @Nullable Object from, @Nullable Object to) {
        return liveData.watchRange(table, from, to);
    }

    @Override
    public Flux<WatchEvent> watchQuery(String sql, @Nullable Object... arguments) {
        return liveData.watchQuery(sql, arguments);
    }

    @Override
    public Flux<Change> changeStream(String... tables) {
        return liveData.changeStream(tables);
    }

    @Override
    public Flux<Change> changeStream(ChangeStreamOption option, String... tables) {
        return liveData.changeStream(option, tables);
    }

    @Override
    public Flux<Change> changeStreamAfter(long eventId, String... tables) {
        return liveData.changeStreamAfter(eventId, tables);
    }

    @Override
    public LiveQuery liveQuery(String sql, @Nullable Object... arguments) {
        return liveData.liveQuery(sql, arguments);
    }

    @Override
    public SchemaInspection inspection() {
        return session.inspection();
    }

    @Override
    public String toString() {
        return "DecentDbConnection[" + session.name() + "]";
    }
}
