package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineCursor;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.line.Work;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs one write, which commits on its own; while the lease is held. Confined to the loop. */
final class SingleRun implements LineOpener.Opened {

    private final Committer.Context context;
    private final WriteCounts counts;
    private final PendingWrite<?> write;
    private final Runnable whenDone;
    private final Attempts attempts;
    private @Nullable Line line;
    private @Nullable Work running;
    private boolean done;

    SingleRun(Committer.Context context, WriteCounts counts, PendingWrite<?> write, Runnable whenDone) {
        this.context = context;
        this.counts = counts;
        this.write = write;
        this.whenDone = whenDone;
        this.attempts = new Attempts(context.loop(), context.finder(), context.failoverTimeout());
    }

    /** Begins; throws nothing. */
    void begin() {
        try {
            write.exchange().onCancel(() -> context.loop().execute(this::cancelled));
            attempt();
        } catch (Throwable e) {
            failed(Errors.map(e, null));
        }
    }

    private void attempt() {
        if (!done) {
            write.lines().line(this);
        }
    }

    @Override
    public void opened(Line opened) {
        line = opened;
        if (done) {
            return;
        }
        opened.keep(false);
        opened.statementTimeout(write.statementTimeout());
        WriteStep step = write.only();
        Tuple arguments;
        try {
            arguments = step.tuple(opened.features());
        } catch (Throwable e) {
            fail(Errors.map(e, step.source()));
            return;
        }
        Work work = new Work(step.sql(), arguments, step.rows()) {
            @Override
            protected void result(Reply.Result result) {
                succeed(new WriteResult(step.counts() ? result.changed() : 0, result.lastRowId(), List.of()));
            }

            @Override
            protected void rows(LineCursor cursor) {
                // The rows of a write are read to their end: it commits with its last row.
                cursor.readAll((frames, failure) -> {
                    if (failure instanceof R2dbcException error) {
                        fail(error);
                    } else {
                        succeed(WriteResult.ofRows(frames));
                    }
                });
            }

            @Override
            protected void failed(Trouble trouble) {
                decide(opened, trouble);
            }

            @Override
            protected R2dbcException broken(Trouble trouble) {
                attempts.note(opened, trouble);
                return Failures.ofWrite(trouble, step.command());
            }
        };
        running = work;
        opened.submit(work);
    }

    @Override
    public void failed(R2dbcException error) {
        fail(Errors.map(error, write.only().source()));
    }

    private void decide(Line on, Trouble trouble) {
        running = null;
        try {
            decideOn(on, trouble);
        } catch (Throwable e) {
            fail(Failures.ofWrite(trouble, write.only().command()));
        }
    }

    private void decideOn(Line on, Trouble trouble) {
        attempts.note(on, trouble);
        if (trouble.notBegun() && attempts.onNewLeader(this::attempt, this::failed)) {
            return;
        }
        if (trouble.busy()) {
            context.lease().lockedElsewhere();
            if (!write.late()) {
                attempts.afterOthers(this::attempt, this::failed);
                return;
            }
            fail(Committer.locked(context, write, ((Trouble.Refusal) trouble).message()));
            return;
        }
        fail(Failures.ofWrite(trouble, write.only().command()));
    }

    private void succeed(WriteResult result) {
        running = null;
        if (end()) {
            counts.committed(1);
            try {
                write.succeed(List.of(result));
                context.lease().lockedHere();
                WriteStep step = write.only();
                if (step.schema() && line != null) {
                    line.forgetStatements();
                }
                context.committed().accept(write.steps());
            } finally {
                whenDone.run();
            }
        }
    }

    private void fail(R2dbcException error) {
        if (end()) {
            try {
                counts.failed(1);
                write.fail(error);
            } finally {
                whenDone.run();
            }
        }
    }

    /** The statement is stopped; the node rolls it back unless it has committed by then. */
    private void cancelled() {
        if (end()) {
            try {
                Line on = line;
                Work work = running;
                if (on != null && work != null) {
                    on.giveUp(work);
                }
                counts.failed(1);
            } finally {
                whenDone.run();
            }
        }
    }

    private boolean end() {
        boolean first = !done;
        done = true;
        return first;
    }
}
