package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.api.TransactionState;
import com.decentdb.r2dbc.api.WriteOutcome;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.api.schema.SchemaInspection;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.sql.SqlCommand;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One connection's view of a database; the seam between the R2DBC types and a transport.
 *
 * <p>All publishers are cold and start with demand. Signals arrive on a worker, one at a time.
 * Errors are {@link io.r2dbc.spi.R2dbcException}s. Cancelling what waits prevents it; cancelling what runs ends it
 * where the engine can do that ({@link Capability#STOPS_STATEMENTS}), and gives its result up.
 *
 * <p>What a transport may lack has a default method that refuses with SQLSTATE 0A000 and names what is lacking.
 */
public interface Session {

    /** Runs a statement, in the open transaction if there is one; one cursor per binding, in order; an error if one fails. */
    Flux<Cursor> execute(Command command);

    /**
     * Runs the first of these statements outside a transaction, and as many after it, in order, as may share its commit; each
     * changes rows and has one binding. One that fails ends this, and those before it stay. Gives a cursor for each that was
     * executed; an error if the first failed.
     */
    default Flux<Cursor> executeTogether(List<Command> writes) {
        return execute(writes.get(0));
    }

    /** Begins a transaction; an error if one is open. */
    Mono<Void> begin(TransactionOptions options);

    /** Commits the open transaction; completes at once without one. */
    Mono<Void> commit();

    /** Rolls the open transaction back; completes at once without one. Statements still waiting in it are dropped. */
    Mono<Void> rollback();

    /**
     * Lets the open transaction only read from now on, behind the statements submitted so far. An error if none is open, or
     * if one that only reads is to write.
     */
    Mono<Void> setReadOnly(boolean readOnly);

    /**
     * Brings the session into its initial state: gives up results that were not read to their end, so that a subscriber that
     * reads on gets an error, rolls the open transaction back, and drops {@code TEMP} objects, settings and the audit context.
     */
    Mono<Void> reset();

    /** Sets a value of the audit context, which statements of this session can read; null removes it. */
    default Mono<Void> setAuditContext(String key, @Nullable String value) {
        return Mono.error(unsupported("An audit context"));
    }

    /** Bounds the wait of all calls but statements and transactions, which carry bounds of their own. */
    void setLockWait(Duration lockWait);

    /**
     * Bounds how long statements may take to give their first response, from the next one on; zero means without limit. Returns false
     * if the session leaves that to its caller.
     */
    default boolean boundsStatements(Duration timeout) {
        return false;
    }

    /** Whether there are results outside transactions that were not read to their end. */
    boolean hasOpenResults();

    /** Whether a transaction is open, as the last signal of begin, commit or rollback left it. */
    boolean inTransaction();

    /** Asks the engine about the transaction, behind what was submitted before. */
    default Mono<TransactionState> transactionState() {
        return Mono.error(unsupported("Asking for the state of the transaction"));
    }

    /** Runs a write through the write queue; completes with the rows changed when it is durable. */
    default Mono<Long> executeQueued(SqlCommand sql, Value[] arguments, Duration timeout) {
        return Mono.error(unsupported("A write queue"));
    }

    /** Drains writes through the write queue, in order; requests no more of them than there is room for. */
    default Flux<WriteOutcome> executeQueued(SqlCommand sql, Publisher<Value[]> arguments, Duration timeout) {
        return Flux.error(unsupported("A write queue"));
    }

    /** The outcomes of a stream of writes, in order; so many of them wait at a time that they can share commits. */
    static Flux<WriteOutcome> outcomes(Publisher<Value[]> arguments, Function<Value[], Mono<Long>> write) {
        return Flux.from(arguments)
                .index()
                .flatMapSequential(
                        each -> write.apply(each.getT2())
                                .map(rows -> new WriteOutcome(each.getT1(), rows, null))
                                .onErrorResume(R2dbcException.class, error -> failure(each.getT1(), error)),
                        128,
                        1);
    }

    /** The outcome of a write that failed. Where there is no memory for it, it fails the stream: an operator loses what is thrown. */
    private static Mono<WriteOutcome> failure(long index, R2dbcException error) {
        try {
            return Mono.just(new WriteOutcome(index, 0, error));
        } catch (VirtualMachineError e) {
            return Errors.noMemory();
        }
    }

    /** Events of a watch; completes when the session or the database closes. */
    default Flux<WatchedEvent> watch(WatchRequest request) {
        return Flux.error(unsupported("Watching"));
    }

    /**
     * Another session on the same database, for the live data of this one: with its settings and its audit context as they are
     * now, but not its transaction. An error of SQLSTATE 0A000 ends what names a {@code TEMP} object of this session.
     */
    Mono<Session> sibling();

    default Mono<WriteQueueMetrics> writeQueueMetrics() {
        return Mono.error(unsupported("A write queue"));
    }

    /** Moves the write-ahead log into the database file. */
    default Mono<Void> checkpoint() {
        return Mono.error(unsupported("A checkpoint"));
    }

    /** Writes a consistent copy of the database to a new file. */
    default Mono<Void> saveAs(Path path) {
        return Mono.error(unsupported("Writing a copy"));
    }

    /** Descriptions of the schema and of statements. */
    default SchemaInspection inspection() {
        throw unsupported("Describing the schema");
    }

    /** Whether the session is open and the database answers. Never fails. */
    Mono<Boolean> ping();

    /** Whether the session can still be used. Does no work. */
    boolean isOpen();

    /** Ends what runs, cursors, watches and the open transaction and gives the session up. Idempotent; never waits for users. */
    Mono<Void> close();

    /** Runs the signals of this session, one at a time; for those that come from elsewhere, such as timers. */
    Executor delivery();

    /** The points in which this session behaves differently from those of other transports. */
    Set<Capability> capabilities();

    /** The engine that runs the SQL. */
    EngineInfo engine();

    /** The name of the database product. */
    default String product() {
        return "DecentDB";
    }

    /** The database as the user named it, for messages. */
    String name();

    private R2dbcException unsupported(String what) {
        return Errors.of("0A000", what + " is not supported by the transport of " + name(), null);
    }
}
