package com.decentdb.r2dbc.cluster.transaction;

import com.decentdb.r2dbc.cluster.changelog.LogCarrier;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineCursor;
import com.decentdb.r2dbc.cluster.line.RowsCursor;
import com.decentdb.r2dbc.cluster.line.Work;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.cluster.write.WriteResult;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A statement in an open transaction, with one execution after another. Confined to the loop. */
public final class TransactionStatement<T> {

    private final ClusterTransaction transaction;
    private final Plan plan;
    private final Exchange<T> exchange;
    private final Function<List<Cursor>, T> answer;
    private final Executor loop;
    private final Executor delivery;
    private final Consumer<WriteStep> written;
    private final List<Cursor> outcomes = new ArrayList<>();

    /** @param written takes each execution that changed something */
    public TransactionStatement(
            ClusterTransaction transaction,
            Plan plan,
            Exchange<T> exchange,
            Function<List<Cursor>, T> answer,
            Executor loop,
            Executor delivery,
            Consumer<WriteStep> written) {
        this.transaction = transaction;
        this.plan = plan;
        this.exchange = exchange;
        this.answer = answer;
        this.loop = loop;
        this.delivery = delivery;
        this.written = written;
    }

    public void run(Line line) {
        next(line, 0);
    }

    private void next(Line line, int index) {
        if (index == plan.steps().size()) {
            exchange.answer(answer.apply(outcomes));
            return;
        }
        if (exchange.cancelled()) {
            outcomes.forEach(Cursor::close);
            return;
        }
        WriteStep step = plan.steps().get(index);
        Tuple arguments;
        try {
            arguments = step.tuple(line.features());
        } catch (Throwable e) {
            fail(Errors.map(e, step.source()));
            return;
        }
        if (step.alters()) {
            Work first = LogCarrier.run(
                    line,
                    step.sql(),
                    arguments,
                    result -> ran(line, index, step, plan.cursor(new WriteResult(0, result.lastRowId(), List.of()))),
                    trouble -> fail(transaction.statementFailed(line, trouble, step.command(), true)));
            exchange.onCancel(() -> loop.execute(() -> line.giveUp(first)));
            return;
        }
        Work work = work(line, index, step, arguments);
        exchange.onCancel(() -> loop.execute(() -> line.giveUp(work)));
        line.submit(work);
    }

    private void ran(Line line, int index, WriteStep step, Cursor outcome) {
        if (!plan.reads()) {
            written.accept(step);
            if (step.schema()) {
                line.forgetStatements();
            }
        }
        outcomes.add(outcome);
        next(line, index + 1);
    }

    private void fail(R2dbcException error) {
        outcomes.forEach(Cursor::close);
        exchange.fail(error);
    }

    private Work work(Line line, int index, WriteStep step, Tuple arguments) {
        return new Work(step.sql(), arguments, step.rows()) {
            @Override
            protected void result(Reply.Result result) {
                long changed = step.counts() ? result.changed() : 0;
                ran(line, index, step, plan.cursor(new WriteResult(changed, result.lastRowId(), List.of())));
            }

            @Override
            protected void rows(LineCursor cursor) {
                if (plan.reads()) {
                    ran(line, index, step, new RowsCursor(cursor, loop, delivery));
                } else {
                    cursor.readAll(
                            (frames, failure) -> returned(line, index, step, WriteResult.ofRows(frames), failure));
                }
            }

            @Override
            protected void failed(Trouble trouble) {
                fail(transaction.statementFailed(line, trouble, step.command(), !plan.reads()));
            }

            @Override
            protected R2dbcException broken(Trouble trouble) {
                return transaction.statementFailed(line, trouble, step.command(), !plan.reads());
            }
        };
    }

    private void returned(Line line, int index, WriteStep step, WriteResult result, @Nullable Throwable failure) {
        if (failure == null) {
            ran(line, index, step, plan.cursor(result));
        } else {
            fail(Errors.map(failure, step.source()));
        }
    }
}
