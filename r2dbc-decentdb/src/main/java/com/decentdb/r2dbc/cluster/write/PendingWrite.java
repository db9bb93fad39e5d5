package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.meter.ClusterLog;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
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

    /** Whether it commits by itself. */
    boolean alone() {
        return steps.size() == 1 && !only().alters();
    }

    WriteStep only() {
        return steps.get(0);
    }

    /** Answers; throws nothing, since others wait behind it. */
    void succeed(List<WriteResult> results) {
        try {
            exchange.answer(answer.apply(results));
        } catch (Throwable e) {
            // It was committed, and the driver cannot say with which result.
            fail(Failures.ofWrite(new Trouble.Loss(ChannelLost.failed(e), true), only().command()));
        }
    }

    /** Answers; throws nothing. */
    void fail(R2dbcException error) {
        try {
            exchange.fail(error);
        } catch (Throwable e) {
            ClusterLog.warn("The end of a write could not be reported: {}", e.toString());
        }
    }

    /** Whether its subscriber waits no longer for others to let it write. */
    boolean late() {
        return deadline() != NEVER && System.nanoTime() - deadline() >= 0;
    }
}
