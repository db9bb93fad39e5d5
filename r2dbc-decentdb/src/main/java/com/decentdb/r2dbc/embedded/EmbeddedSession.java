package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.api.TransactionState;
import com.decentdb.r2dbc.api.WriteOutcome;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.api.schema.SchemaInspection;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Bracket;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.Lifetime;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.embedded.open.Database;
import com.decentdb.r2dbc.embedded.open.OpenDatabases;
import com.decentdb.r2dbc.embedded.write.GroupedWrite;
import com.decentdb.r2dbc.embedded.write.SessionLanes;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Capability;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.TransactionOptions;
import com.decentdb.r2dbc.transport.Waits;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A session on a database in this process. Cheap: it owns no native handle, only its place in the queues. */
final class EmbeddedSession implements Session {

    private final Database database;
    private final Runnable release;
    private final Executor delivery;
    final SessionPlace place;
    private final WriterCalls tasks;
    private final SchemaInspection inspection;
    private final Lifetime lifetime = new Lifetime();
    private volatile @Nullable SessionTransaction transaction;
    private volatile Duration lockWait = Waits.UNLIMITED;
    private volatile boolean open = true;

    /** @param release ends its use of the database; idempotent */
    EmbeddedSession(Database database, Runnable release, Executor delivery) {
        this.database = database;
        this.release = release;
        this.delivery = delivery;
        this.place = new SessionPlace(database, delivery);
        this.tasks = new WriterCalls(database, this::isOpen, delivery);
        this.inspection = new EngineInspection(
                this::describe, this::isOpen, database.engine().version());
        database.counters().sessions(1);
    }

    @Override
    public Flux<Cursor> execute(Command command) {
        return Flux.defer(() -> {
            if (!open) {
                return Flux.error(Errors.map(Errors.closed(), command.sql().source()));
            }
            if (command.sql().sessionState()) {
                String what = "A statement that sets up TEMP objects or settings";
                place.pin(what, command.sql().source(), transactionStarted());
            }
            SessionSetup setup = place.setup();
            R2dbcException refusal = setup.refusal(command.sql());
            if (refusal != null) {
                return Flux.error(refusal);
            }
            SessionTransaction current = active();
            if (current == null && command.sql().control() != null) {
                // It was meant for a transaction that has ended meanwhile.
                return Flux.error(Errors.noTransaction());
            }
            Flux<Cursor> run = current == null ? place.autoCommit().execute(command) : inTransaction(current, command);
            run = tasks.reported(command, run);
            return command.sql().sessionState() ? run.doOnNext(done -> setup.ran(command.sql())) : run;
        });
    }

    @Override
    public Flux<Cursor> executeTogether(List<Command> writes) {
        return Flux.defer(() -> writes.size() == 1 || !open || inTransaction()
                ? execute(writes.get(0))
                : place.autoCommit().executeTogether(writes));
    }

    /** The lanes on which its statements run now. */
    SessionLanes lanes() {
        return place.lanes();
    }

    private Flux<Cursor> inTransaction(SessionTransaction current, Command command) {
        return command.bindings().size() == 1
                ? AutoCommit.answer(delivery, exchange -> current.execute(command, exchange, AutoCommit.ONLY))
                : AutoCommit.answers(delivery, exchange -> current.execute(command, exchange, Function.identity()));
    }

    @Override
    public Mono<Void> begin(TransactionOptions options) {
        return Mono.defer(() -> beginNow(options));
    }

    private synchronized Mono<Void> beginNow(TransactionOptions options) {
        if (!open) {
            return Mono.error(Errors.closed());
        }
        if (inTransaction()) {
            return Mono.error(Errors.transactionOpen());
        }
        if (!options.timeout().isZero()) {
            return Mono.error(TransactionErrors.noTimeout());
        }
        transaction = new SessionTransaction(database, this::lanes, options, delivery);
        return Mono.empty();
    }

    @Override
    public Mono<Void> commit() {
        return Mono.defer(() -> {
            SessionTransaction current = transaction;
            if (current == null) {
                return open ? Mono.empty() : Mono.error(Errors.closed());
            }
            return Mono.fromDirect(new Bracket<>(
                            Mono.just(current),
                            ending -> Exchange.<Void>mono(delivery, ending::commit),
                            committed -> Mono.empty(),
                            this::rollback))
                    .doOnTerminate(() -> forget(current));
        });
    }

    @Override
    public Mono<Void> rollback() {
        return Mono.defer(() -> {
            SessionTransaction current = transaction;
            return current == null ? Mono.empty() : rollback(current);
        });
    }

    private Mono<Void> rollback(SessionTransaction current) {
        return Exchange.surely(delivery, whenDone -> current.rollback(whenDone)).doFinally(signal -> forget(current));
    }

    /** Forgets a transaction that has ended; one whose end could not even be asked for goes on. */
    private synchronized void forget(SessionTransaction over) {
        if (transaction == over && !over.active()) {
            transaction = null;
        }
    }

    @Override
    public Mono<Void> setReadOnly(boolean readOnly) {
        return Mono.defer(() -> {
            SessionTransaction current = transaction;
            return current == null || !current.active()
                    ? Mono.error(Errors.noTransaction())
                    : Exchange.mono(delivery, exchange -> current.setReadOnly(readOnly, exchange));
        });
    }

    @Override
    public Mono<Void> reset() {
        return Mono.defer(() -> {
            place.abandonResults(Errors::givenBack);
            SessionTransaction current = transaction;
            return current == null && !place.isPinned()
                    ? Mono.empty()
                    : Exchange.surely(delivery, whenDone -> giveUp(current, () -> {}, whenDone));
        });
    }

    /** Gives up the transaction, then the lane of its own; bears repetition. */
    private void giveUp(@Nullable SessionTransaction current, Runnable whenGone, Runnable whenDone) {
        Persistent rest = Persistent.of(() -> place.unpin(whenGone, whenDone));
        if (current == null) {
            rest.begin();
            return;
        }
        current.rollback(() -> {
            forget(current);
            rest.begin();
        });
    }

    @Override
    public Mono<Void> setAuditContext(String key, @Nullable String value) {
        return Mono.defer(() -> {
            if (!open) {
                return Mono.error(Errors.closed());
            }
            place.pin("The audit context", null, transactionStarted());
            SessionSetup setup = place.setup();
            return onOwnLane("The audit context", lockWait, handle -> {
                handle.setAuditContext(key, value);
                setup.audit(key, value);
            });
        });
    }

    /** Calls the handle of the pinned lane, in order with the statements of the session. */
    Mono<Void> onOwnLane(String what, Duration wait, Consumer<NativeDatabase> call) {
        return tasks.onLane(lanes(), transactionStarted(), what, wait, call);
    }

    @Override
    public void setLockWait(Duration bound) {
        lockWait = bound;
    }

    @Override
    public boolean hasOpenResults() {
        return place.autoCommit().hasOpenResults();
    }

    @Override
    public boolean inTransaction() {
        return active() != null;
    }

    private @Nullable SessionTransaction active() {
        SessionTransaction current = transaction;
        return current != null && current.active() ? current : null;
    }

    @Override
    public Mono<TransactionState> transactionState() {
        return Mono.defer(() -> open ? tasks.transactionState(transaction, place) : Mono.error(Errors.closed()));
    }

    private boolean transactionStarted() {
        SessionTransaction current = transaction;
        return current != null && current.started();
    }

    @Override
    public Mono<Long> executeQueued(SqlCommand sql, Value[] arguments, Duration timeout) {
        return queued(sql, arguments, timeout, database.queue()::submit);
    }

    @Override
    public Flux<WriteOutcome> executeQueued(SqlCommand sql, Publisher<Value[]> arguments, Duration timeout) {
        return Session.outcomes(arguments, each -> queued(sql, each, timeout, database.queue()::submitBeyondCapacity));
    }

    /** The queue belongs to the lane that all share; what concerns a pinned session commits on its own. */
    private Mono<Long> queued(
            SqlCommand sql, Value[] arguments, Duration timeout, Consumer<GroupedWrite<Long>> submit) {
        return outsideTransaction("A queued write", Mono.defer(() -> {
            if (!place.isPinned() && !sql.sessionState()) {
                return tasks.queued(sql, arguments, timeout, lockWait, submit);
            }
            return execute(Command.of(sql, 1, timeout.isZero() ? Waits.UNLIMITED : timeout, arguments))
                    .doOnNext(Cursor::close)
                    .map(Cursor::affectedRows)
                    .reduce(0L, Long::sum);
        }));
    }

    @Override
    public Flux<WatchedEvent> watch(WatchRequest request) {
        // This takes what operators behind it throw; the one within would keep that.
        return OnDemand.flux(() -> {
            R2dbcException refusal = open ? place.setup().refusal(request) : Errors.closed();
            return refusal == null ? lifetime.bound(database.hub().watch(request, delivery)) : Flux.error(refusal);
        });
    }

    @Override
    public Mono<Session> sibling() {
        return Mono.defer(() -> open ? SessionSetup.sibling(this, database, lockWait) : Mono.error(Errors.closed()));
    }

    @Override
    public Mono<WriteQueueMetrics> writeQueueMetrics() {
        return outsideTransaction("Reading the metrics", tasks.metrics());
    }

    @Override
    public Mono<Void> checkpoint() {
        return outsideTransaction("A checkpoint", tasks.checkpoint(lockWait));
    }

    @Override
    public Mono<Void> saveAs(Path path) {
        return outsideTransaction("A copy", tasks.saveAs(path, lockWait));
    }

    @Override
    public SchemaInspection inspection() {
        return inspection;
    }

    /** The handle that is asked sees the temporary objects of this session. */
    <T> Mono<T> describe(Function<NativeDatabase, @Nullable T> call) {
        return Mono.defer(() -> {
            if (!open) {
                return Mono.error(Errors.closed());
            }
            SessionTransaction current = transaction;
            return current != null && current.started()
                    ? Exchange.mono(delivery, exchange -> current.call(call, exchange))
                    : tasks.reading(lanes(), lockWait, call);
        });
    }

    /** Refuses a task that waits for the write lock while the session's own transaction may hold it. */
    private <T> Mono<T> outsideTransaction(String what, Mono<T> task) {
        return Mono.defer(() -> {
            if (!open) {
                return Mono.error(Errors.closed());
            }
            if (inTransaction()) {
                return Mono.error(Errors.waitsForTransaction(what));
            }
            return task;
        });
    }

    @Override
    public Mono<Boolean> ping() {
        Command probe = Command.of(SqlCommand.of("SELECT 1"), 1, Duration.ofSeconds(10));
        return Mono.defer(() -> open ? execute(probe).doOnNext(Cursor::close).then(Mono.just(true)) : Mono.just(false))
                .onErrorReturn(false);
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public Mono<Void> close() {
        AtomicBoolean first = new AtomicBoolean();
        return Exchange.surely(
                delivery, whenDone -> close(ends(first), () -> OpenDatabases.settle(database, whenDone)));
    }

    /** Whether this end is the one that closes the session. */
    private synchronized boolean ends(AtomicBoolean first) {
        database.counters().sessions(open ? -1 : 0);
        first.compareAndSet(false, open);
        open = false;
        return first.get();
    }

    /** Gives up everything the session has; bears repetition. */
    private void close(boolean first, Runnable whenDone) {
        if (!first) {
            whenDone.run();
            return;
        }
        SessionTransaction current = transaction;
        lifetime.end();
        place.close();
        tasks.end(lanes());
        // Nobody waits for a call that cannot be ended: its lane is freed behind it.
        boolean endless = current != null && current.busyAfterLast() && !database.interrupts();
        giveUp(current, release, endless ? () -> {} : whenDone);
        if (endless) {
            whenDone.run();
        }
    }

    @Override
    public Executor delivery() {
        return delivery;
    }

    @Override
    public EngineInfo engine() {
        return database.engine();
    }

    @Override
    public Set<Capability> capabilities() {
        return database.capabilities();
    }

    @Override
    public String name() {
        return database.config().name();
    }
}
