package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.api.WriteOutcome;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlScript;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;

/** Writes of a connection through the write queue. */
final class QueuedWrites {

    private final DefaultConnection connection;

    QueuedWrites(DefaultConnection connection) {
        this.connection = connection;
    }

    Mono<Long> one(String sql, @Nullable Object[] arguments) {
        Mono<Long> write = OnDemand.mono(() -> {
            refuseStreams(Arguments.required(arguments, "array of arguments"));
            SessionSettings settings = connection.settings();
            SqlScript script = settings.parse(sql);
            SqlCommand command = single(script, sql);
            return Bindings.encodeAll(script, settings, arguments)
                    .flatMap(values -> connection
                            .endings()
                            .behind(() -> connection
                                    .session()
                                    .executeQueued(
                                            command, Bindings.select(command, values), settings.queueTimeout())));
        });
        return Mono.defer(() -> isOpen() ? write : Mono.error(Errors.map(Errors.closed(), sql)));
    }

    Flux<Long> counts(String sql, Publisher<? extends @Nullable Object[]> arguments) {
        Arguments.required(arguments, "publisher of arguments");
        return open(sql, OnDemand.flux(() -> outcomes(sql, arguments).handle(QueuedWrites::rowsChanged)));
    }

    Flux<WriteOutcome> each(String sql, Publisher<? extends @Nullable Object[]> arguments) {
        Arguments.required(arguments, "publisher of arguments");
        return open(sql, OnDemand.flux(() -> outcomes(sql, arguments)));
    }

    /** A closed connection refuses a subscriber that has not asked for anything, too. */
    private <T> Flux<T> open(String sql, Flux<T> writes) {
        return Flux.defer(() -> isOpen() ? writes : Flux.error(Errors.map(Errors.closed(), sql)));
    }

    private boolean isOpen() {
        return connection.session().isOpen();
    }

    /** Operators that merge keep what is thrown behind them, which one that merges nothing has to take. */
    private Flux<WriteOutcome> outcomes(String sql, Publisher<? extends @Nullable Object[]> arguments) {
        return Flux.defer(() -> {
            SessionSettings settings = connection.settings();
            SqlScript script = settings.parse(sql);
            SqlCommand command = single(script, sql);
            // No prefetch: the demand of the queue alone holds back a source that is faster.
            Flux<Value[]> encoded = Flux.from(arguments)
                    .concatMap(each -> Bindings.encodeAll(script, settings, each), 0)
                    .map(values -> Bindings.select(command, values));
            return connection
                    .endings()
                    .manyBehind(() -> connection.session().executeQueued(command, encoded, settings.queueTimeout()));
        });
    }

    /** Passes on the number of rows that a write changed, or its failure. */
    private static void rowsChanged(WriteOutcome outcome, SynchronousSink<Long> sink) {
        R2dbcException failure = outcome.failure();
        if (failure == null) {
            sink.next(outcome.rowsChanged());
        } else {
            sink.error(failure);
        }
    }

    /** The compiler takes a stream that is not known to hold arrays for the argument of a single write. */
    private static void refuseStreams(@Nullable Object[] arguments) {
        for (Object argument : arguments) {
            if (argument instanceof Publisher<?>) {
                throw new IllegalArgumentException(
                        "A stream (" + argument.getClass().getName()
                                + ") cannot be bound. To run the write for each array of the stream declare it as"
                                + " Publisher<Object[]> or Flux<Object[]>, as in Flux.<Object[]>just(new Object[] {1})");
            }
        }
    }

    /** The engine would run all of several statements before it complains. */
    private static SqlCommand single(SqlScript script, String sql) {
        List<SqlCommand> commands = script.commands();
        if (commands.size() != 1 || commands.get(0).kind().transactionControl()) {
            throw Errors.of("42601", "A queued write is one statement, without transaction control; this is not", sql);
        }
        return commands.get(0);
    }
}
