package com.decentdb.r2dbc.cluster.session;

import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.database.ClusterDatabase;
import com.decentdb.r2dbc.cluster.database.PinnedLine;
import com.decentdb.r2dbc.cluster.line.ServerFeatures;
import com.decentdb.r2dbc.cluster.transaction.Plan;
import com.decentdb.r2dbc.cluster.write.LineSource;
import com.decentdb.r2dbc.cluster.write.PendingWrite;
import com.decentdb.r2dbc.cluster.write.WriteResult;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.Spread;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** The writes of a session outside transactions. */
final class SessionWrites {

    private final ClusterDatabase database;
    private final Executor delivery;
    private final Supplier<@Nullable PinnedLine> pinned;
    private final Supplier<Duration> statementTimeout;
    private final BooleanSupplier open;

    SessionWrites(
            ClusterDatabase database,
            Executor delivery,
            Supplier<@Nullable PinnedLine> pinned,
            Supplier<Duration> statementTimeout,
            BooleanSupplier open) {
        this.database = database;
        this.delivery = delivery;
        this.pinned = pinned;
        this.statementTimeout = statementTimeout;
        this.open = open;
    }

    /** Runs commands in one commit; those before one that fails stay. */
    Flux<Cursor> together(List<Command> commands, ServerFeatures features) {
        List<Plan> plans =
                commands.stream().map(write -> Plan.of(write, features)).toList();
        List<WriteStep> steps =
                plans.stream().flatMap(plan -> plan.steps().stream()).toList();
        return several(exchange -> submit(
                exchange,
                steps,
                false,
                commands.get(0).lockWait(),
                results -> IntStream.range(0, plans.size())
                        .mapToObj(i -> plans.get(i).cursor(results.get(i)))
                        .toList()));
    }

    /** Runs a command, all of its executions or none. */
    Flux<Cursor> run(Plan plan, Duration wait) {
        if (plan.steps().size() == 1) {
            return Exchange.flux(
                    delivery,
                    Cursor::close,
                    exchange -> submit(exchange, plan.steps(), true, wait, results -> plan.cursor(results.get(0))));
        }
        return several(exchange -> submit(
                exchange,
                plan.steps(),
                true,
                wait,
                results -> results.stream().map(plan::cursor).toList()));
    }

    /** The answers to a request that come together. */
    Flux<Cursor> several(Consumer<Exchange<List<Cursor>>> submit) {
        return Spread.of(Exchange.mono(delivery, late -> late.forEach(Cursor::close), submit), Cursor::close);
    }

    private <T> void submit(
            Exchange<T> exchange,
            List<WriteStep> steps,
            boolean atomic,
            Duration wait,
            Function<List<WriteResult>, T> answer) {
        exchange.expiresAt(
                Deadlines.after(wait),
                () -> database.lease()
                        .timeout("The statement", wait, steps.get(0).source()));
        PinnedLine own = pinned.get();
        LineSource lines = own == null ? database.writer() : own;
        PendingWrite<T> write = new PendingWrite<>(
                exchange, steps, atomic, lines, open, statementTimeout.get(), System.nanoTime(), answer);
        EventLoops.forRequest(
                database.loop(), exchange, () -> database.committer().submit(write));
    }
}
