package com.decentdb.r2dbc.cluster.transaction;

import com.decentdb.r2dbc.cluster.line.Line;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The line of a transaction, and the right to write or the loan of the line, which are given back once whatever fails. Confined to the
 * loop.
 */
final class Holding {

    private final TransactionLimits limits;
    private final Duration rollbackTimeout;
    private @Nullable Line line;
    private Runnable back = Holding::nothing;
    private Runnable then = Holding::nothing;

    /** @param rollbackTimeout how long a node may take to roll back; meanwhile nobody else can write */
    Holding(TransactionLimits limits, Duration rollbackTimeout) {
        this.limits = limits;
        this.rollbackTimeout = rollbackTimeout;
    }

    @Nullable
    Line line() {
        return line;
    }

    /** The transaction is about to begin on a line. */
    void take(Line taken) {
        line = taken;
        taken.keep(true);
    }

    /** The transaction did not begin on its line. */
    void forget() {
        line = null;
    }

    /** There is something to give back, in this way. */
    void giveBackBy(Runnable way) {
        back = way;
    }

    /** Runs an action when everything has been given back. */
    void whenGivenBack(Runnable action) {
        then = action;
    }

    void giveBack() {
        limits.end();
        Line on = line;
        line = null;
        if (on != null) {
            on.whenLost(null);
            on.keep(false);
        }
        Runnable way = back;
        back = Holding::nothing;
        Runnable action = then;
        then = Holding::nothing;
        way.run();
        action.run();
    }

    /** Rolls back, and gives everything back. */
    void rollBack(Line on, boolean onlyReads, Runnable whenDone) {
        try {
            TransactionCalls.rollback(on, rollbackTimeout, () -> restore(on, onlyReads, whenDone));
        } catch (Throwable e) {
            close(on, whenDone);
        }
    }

    /** Makes a line that may only read as it was, or closes it, and gives everything back. */
    void restore(Line on, boolean onlyReads, Runnable whenDone) {
        try {
            TransactionCalls.restore(on, onlyReads, () -> {
                giveBack();
                whenDone.run();
            });
        } catch (Throwable e) {
            close(on, whenDone);
        }
    }

    private static void nothing() {}

    /** The driver failed: without its line the transaction is rolled back. Gives everything back. */
    void close(Line on, Runnable whenDone) {
        on.close();
        giveBack();
        whenDone.run();
    }
}
