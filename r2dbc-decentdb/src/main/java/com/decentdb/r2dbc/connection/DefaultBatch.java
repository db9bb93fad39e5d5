package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.result.DefaultResult;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlScript;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;

/**
 * Statements without parameters, run in order; the first that fails ends the batch, what came before stays, and nothing after it
 * is executed. Outside a transaction, inserts, updates and deletes that follow each other run together when the result of
 * the first is asked for, up to 256 of them, and share a commit; their results come when that is durable, each when it is asked for.
 * Cancelling between them undoes none. Every other statement starts when its result is asked for; so does each write with a
 * statement timeout, or through the write queue.
 */
final class DefaultBatch implements Batch {

    /** Bounds how long other writers wait for their turn. */
    private static final int MAX_TOGETHER = 256;

    private static final List<Value[]> NO_ARGUMENTS = List.<Value[]>of(new Value[0]);

    private final DefaultConnection connection;
    private final List<SqlCommand> statements = new ArrayList<>();

    DefaultBatch(DefaultConnection connection) {
        this.connection = connection;
    }

    @Override
    public DefaultBatch add(String sql) {
        SqlScript script = connection.settings().parse(sql);
        if (script.parameterCount() > 0) {
            throw new IllegalArgumentException(
                    "A batch has no arguments, but this statement has parameters; use createStatement(sql).add(): "
                            + sql);
        }
        statements.addAll(script.commands());
        return this;
    }

    @Override
    public Flux<Result> execute() {
        List<SqlCommand> all = List.copyOf(statements);
        if (all.isEmpty()) {
            throw new IllegalStateException("The batch is empty; add statements before execute()");
        }
        return Flux.defer(() -> connection.session().isOpen()
                ? run(all)
                : Flux.error(Errors.map(Errors.closed(), all.get(0).source())));
    }

    private Flux<Result> run(List<SqlCommand> all) {
        AtomicInteger executed = new AtomicInteger();
        return Flux.<List<SqlCommand>>generate(sink -> {
                    List<SqlCommand> rest = all.subList(executed.get(), all.size());
                    if (rest.isEmpty()) {
                        sink.complete();
                    } else {
                        sink.next(rest);
                    }
                })
                .concatMap(
                        rest -> OnDemand.flux(() -> connection.endings().manyBehind(() -> begin(rest)))
                                .doOnNext(result -> executed.incrementAndGet()),
                        0);
    }

    private boolean sharesCommits() {
        return connection.transactions().autoCommit()
                && connection.statementTimeout().isZero()
                && !connection.settings().writeQueueEnabled();
    }

    /** Executes the first of the statements, with those behind it that may share its commit. */
    private Flux<Result> begin(List<SqlCommand> rest) {
        int together = 0;
        if (sharesCommits()) {
            int bound = Math.min(rest.size(), MAX_TOGETHER);
            while (together < bound && rest.get(together).kind() == SqlCommand.Kind.DML) {
                together++;
            }
        }
        int fetchSize = connection.settings().fetchSize();
        if (together < 2) {
            return connection.run(rest.get(0), NO_ARGUMENTS, fetchSize);
        }
        Duration lockWait = connection.transactions().lockWait();
        List<Command> writes = new ArrayList<>(together);
        for (SqlCommand each : rest.subList(0, together)) {
            writes.add(new Command(each, NO_ARGUMENTS, fetchSize, lockWait));
        }
        return OnDemand.flux(
                () -> connection.session().executeTogether(writes),
                cursor -> new DefaultResult(connection, cursor, true),
                Cursor::close);
    }
}
