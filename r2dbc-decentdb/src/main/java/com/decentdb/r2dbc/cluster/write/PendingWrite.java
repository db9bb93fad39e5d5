package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * A write that waits for its turn.
 *
 * @param exchange takes the answer
 * @param steps run in order, in one commit
 * @param atomic whether none is executed if one fails; otherwise those before that one stay
 * @param lines where it runs
 * @param open whether its session is open
 * @param statementTimeout how long the node may take to answer
 * @param since when it began to wait, in {@link System#nanoTime()}
 */
public record PendingWrite<T>(
        Exchange<T> exchange,
        List<WriteStep> steps,
        boolean atomic,
        LineSource lines,
        BooleanSupplier open,
        Duration statementTimeout,
        long since,
        Function<List<WriteResult>, T> answer)
        implements WaitQueue.Request {

    /** Whether it may share a commit with others. */
    boolean groupable(LineSource shared) {
        WriteStep first = steps.get(0);
        return steps.size() == 1 && first.counts() && !first.rows() && lines == shared;
    }

    WriteStep only() {
        return steps.get(0);
    }

    void succeed(List<WriteResult> results) {
        exchange.answer(answer.apply(results));
    }

    void fail(R2dbcException error) {
        exchange.fail(error);
    }

    /** Whether its subscriber waits no longer for others to let it write. */
    boolean late() {
        return deadline() != NEVER && System.nanoTime() - deadline() >= 0;
    }
}
