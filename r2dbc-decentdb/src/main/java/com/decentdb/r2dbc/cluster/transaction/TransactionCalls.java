package com.decentdb.r2dbc.cluster.transaction;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.Work;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.cluster.write.Attempts;
import com.decentdb.r2dbc.delivery.WaitQueue;
import java.time.Duration;
import java.util.function.Consumer;

/** The statements with which transactions begin and end on a line. Confined to the loop. */
final class TransactionCalls {

    private static final String COMMIT = "COMMIT";
    private static final String ONLY_READ = "PRAGMA query_only=1";

    private TransactionCalls() {}

    /** A line on which a call cannot even be made is closed. */
    private static void call(Line on, String sql, Runnable done, Consumer<Trouble> failed) {
        try {
            on.submit(new Call(sql, done, failed));
        } catch (Throwable e) {
            on.close();
            failed.accept(new Trouble.Loss(ChannelLost.failed(e), false));
        }
    }

    /** Makes the server refuse writes. */
    static void onlyRead(Line on, Runnable done, Consumer<Trouble> failed) {
        call(on, ONLY_READ, done, failed);
    }

    /** Begins one that takes the write lock, or one that only reads. */
    static void begin(Line on, Duration timeout, boolean readOnly, Runnable begun, Consumer<Trouble> failed) {
        on.statementTimeout(timeout);
        if (readOnly) {
            onlyRead(on, () -> call(on, "BEGIN", begun, failed), failed);
        } else {
            call(on, "BEGIN IMMEDIATE", begun, failed);
        }
    }

    /**
     * Commits, and tries again while the node is busy.
     *
     * @param busyUntil until when, in {@link System#nanoTime()}
     */
    static void commit(Line on, Attempts attempts, long busyUntil, Runnable done, Consumer<Trouble> failed) {
        call(on, COMMIT, done, trouble -> {
            attempts.note(on, trouble);
            boolean inTime = busyUntil == WaitQueue.Waiter.NEVER || System.nanoTime() - busyUntil < 0;
            if (trouble.busy() && inTime) {
                attempts.afterOthers(() -> commit(on, attempts, busyUntil, done, failed), error -> {
                    on.close();
                    failed.accept(new Trouble.Loss(ChannelLost.failed(error), false));
                });
            } else {
                failed.accept(trouble);
            }
        });
    }

    /** Rolls back; a line that does not do that in time is closed, which does. */
    static void rollback(Line on, Duration timeout, Runnable whenDone) {
        on.whenLost(null);
        on.statementTimeout(timeout);
        call(on, "ROLLBACK", whenDone, trouble -> {
            if (!trouble.noTransaction()) {
                on.close();
            }
            whenDone.run();
        });
    }

    /** Makes a line as it was before a transaction that only read. */
    static void restore(Line on, boolean onlyRead, Runnable whenDone) {
        if (!onlyRead || !on.isOpen()) {
            whenDone.run();
            return;
        }
        call(on, "PRAGMA query_only=0", whenDone, trouble -> {
            on.close();
            whenDone.run();
        });
    }

    /**
     * Runs an action if the transaction is open no more: ON CONFLICT ROLLBACK and RAISE(ROLLBACK) end it, and what follows must
     * not run outside one. Asked before any statement that waits.
     */
    static void ifNotOpen(Line on, Runnable action) {
        // This fails in an open transaction. If it begins another one, the line is of no use any more.
        on.submitNext(new Call("BEGIN IMMEDIATE", action, trouble -> {
            if (!trouble.withinAnother()) {
                action.run();
            }
        }));
    }

    private static final class Call extends Work {

        private final Runnable done;
        private final Consumer<Trouble> failed;

        Call(String sql, Runnable done, Consumer<Trouble> failed) {
            super(sql, Tuple.NONE, false);
            this.done = done;
            this.failed = failed;
        }

        @Override
        protected void result(Reply.Result result) {
            done.run();
        }

        @Override
        protected void failed(Trouble trouble) {
            failed.accept(trouble);
        }
    }
}
