package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.changelog.LogCarrier;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineCursor;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.line.Work;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs writes that share a commit, or the executions of one write; while the lease is held. Until COMMIT is sent nobody was executed,
 * and all can be done again; from then on nobody knows before the answer. Confined to the loop.
 */
final class GroupRun implements LineOpener.Opened {

    private final Committer.Context context;
    private final WriteCounts counts;
    private final Attempts attempts;
    /** Those still in it. */
    private final List<PendingWrite<?>> writes;

    private final Consumer<List<PendingWrite<?>>> whenDone;
    /** Whether it is one write of several executions, not several writes. */
    private final boolean unit;

    private final List<WriteResult> results = new ArrayList<>();
    private boolean done;

    GroupRun(
            Committer.Context context,
            WriteCounts counts,
            List<PendingWrite<?>> batch,
            Consumer<List<PendingWrite<?>>> whenDone) {
        this.context = context;
        this.counts = counts;
        this.writes = new ArrayList<>(batch);
        this.unit = batch.size() == 1;
        this.whenDone = whenDone;
        this.attempts = new Attempts(context.loop(), context.finder(), context.failoverTimeout());
    }

    /** Begins anew; what was cancelled meanwhile, or waited too long, is left out. Throws nothing. */
    void begin() {
        try {
            results.clear();
            writes.removeIf(write -> write.exchange().cancelled());
            if (writes.isEmpty()) {
                finish(List.of());
            } else {
                writes.get(0).lines().line(this);
            }
        } catch (Throwable e) {
            failed(Errors.map(e, null));
        }
    }

    @Override
    public void failed(R2dbcException error) {
        failAll(error);
    }

    @Override
    public void opened(Line line) {
        line.keep(true);
        // Each of the writes may take as long as the most patient one of them waits.
        line.statementTimeout(Collections.max(
                writes.stream().map(PendingWrite::statementTimeout).toList()));
        exec(line, "BEGIN IMMEDIATE", result -> run(line, 0), trouble -> {
            if (trouble instanceof Trouble.Loss || trouble.notBegun() || trouble.unknown()) {
                startOver(line, trouble);
            } else if (trouble.busy()) {
                waitForOthers(line, trouble);
            } else {
                if (trouble.withinAnother()) {
                    line.close();
                }
                fail(line, Failures.ofWrite(trouble, null));
            }
        });
    }

    private int size() {
        return unit ? writes.get(0).steps().size() : writes.size();
    }

    private WriteStep step(int index) {
        return unit ? writes.get(0).steps().get(index) : writes.get(index).only();
    }

    private void run(Line line, int index) {
        if (unit && writes.get(0).exchange().cancelled()) {
            rollback(line, () -> end(line, List.of()));
            return;
        }
        if (index == size()) {
            commit(line);
            return;
        }
        if (!unit && writes.get(index).exchange().cancelled()) {
            writes.remove(index);
            run(line, index);
            return;
        }
        WriteStep step = step(index);
        Tuple arguments;
        try {
            arguments = step.tuple(line.features());
        } catch (Throwable e) {
            skip(line, index, Errors.map(e, step.source()));
            return;
        }
        if (step.alters()) {
            LogCarrier.run(
                    line,
                    step.sql(),
                    arguments,
                    result -> ran(line, index, new WriteResult(0, result.lastRowId(), List.of())),
                    trouble -> orFail(line, trouble, () -> stepFailed(line, index, trouble)));
            return;
        }
        line.submit(new Work(step.sql(), arguments, step.rows()) {
            @Override
            protected void result(Reply.Result result) {
                ran(line, index, new WriteResult(step.counts() ? result.changed() : 0, result.lastRowId(), List.of()));
            }

            @Override
            protected void rows(LineCursor cursor) {
                cursor.readAll((frames, failure) -> {
                    if (failure instanceof R2dbcException error) {
                        // In the middle of its rows the transaction may be anything.
                        line.close();
                        fail(line, error);
                    } else {
                        ran(line, index, WriteResult.ofRows(frames));
                    }
                });
            }

            @Override
            protected void failed(Trouble trouble) {
                orFail(line, trouble, () -> stepFailed(line, index, trouble));
            }

            @Override
            protected R2dbcException broken(Trouble trouble) {
                attempts.note(line, trouble);
                return Failures.inTransaction(trouble, step.command());
            }
        });
    }

    private void ran(Line line, int index, WriteResult result) {
        results.add(result);
        run(line, index + 1);
    }

    private void stepFailed(Line line, int index, Trouble trouble) {
        SqlCommand sql = step(index).command();
        boolean slow = trouble instanceof Trouble.Loss loss && loss.sent() && timedOut(loss);
        if (slow) {
            attempts.note(line, trouble);
            endOne(line, index, Failures.inTransaction(trouble, sql));
        } else if (trouble instanceof Trouble.Loss || trouble.notBegun() || trouble.unknown()) {
            startOver(line, trouble);
        } else if (trouble.busy()) {
            rollback(line, () -> waitForOthers(line, trouble));
        } else if (trouble.endsTransaction()) {
            line.close();
            endOne(line, index, Failures.ofWrite(trouble, sql));
        } else if (trouble.constraint()) {
            checkTransaction(line, index, Failures.ofWrite(trouble, sql));
        } else {
            skip(line, index, Failures.ofWrite(trouble, sql));
        }
    }

    /** Deals with trouble; should that fail as well, the writes do. */
    private void orFail(Line line, Trouble trouble, Runnable remedy) {
        try {
            remedy.run();
        } catch (Throwable e) {
            line.close();
            failEach(line, trouble);
        }
    }

    private static boolean timedOut(Trouble.Loss loss) {
        return switch (loss.why().kind()) {
            case TIMED_OUT, TOO_LARGE, PROTOCOL, FAILED -> true;
            default -> false;
        };
    }

    /** ON CONFLICT ROLLBACK and RAISE(ROLLBACK) end the transaction: what follows must not run outside one. */
    private void checkTransaction(Line line, int index, R2dbcException error) {
        exec(line, "BEGIN IMMEDIATE", begunAnew -> rollback(line, () -> endOne(line, index, error)), trouble -> {
            if (trouble.withinAnother()) {
                skip(line, index, error);
            } else {
                line.close();
                endOne(line, index, error);
            }
        });
    }

    /** The transaction is gone because of one of its statements: that one fails, and each of the others runs on its own. */
    private void endOne(Line line, int index, R2dbcException error) {
        if (unit) {
            fail(line, error);
            return;
        }
        counts.failed(1);
        writes.remove(index).fail(error);
        end(line, writes);
    }

    /** A statement failed, and the transaction is as it was before it. */
    private void skip(Line line, int index, R2dbcException error) {
        if (!unit) {
            counts.failed(1);
            writes.remove(index).fail(error);
            run(line, index);
        } else if (writes.get(0).atomic() || index == 0) {
            rollback(line, () -> fail(line, error));
        } else {
            commit(line);
        }
    }

    private void commit(Line line) {
        if (writes.isEmpty()) {
            rollback(line, () -> end(line, List.of()));
            return;
        }
        exec(line, "COMMIT", result -> committed(line), trouble -> commitFailed(line, trouble));
    }

    private void committed(Line line) {
        counts.committed(unit ? 1 : results.size());
        try {
            if (unit) {
                writes.get(0).succeed(List.copyOf(results));
            } else {
                for (int i = 0; i < results.size(); i++) {
                    writes.get(i).succeed(List.of(results.get(i)));
                }
            }
            context.lease().lockedHere();
            List<WriteStep> steps = new ArrayList<>();
            for (int i = 0; i < results.size(); i++) {
                steps.add(step(i));
            }
            if (steps.stream().anyMatch(WriteStep::schema)) {
                line.forgetStatements();
            }
            context.committed().accept(steps);
        } finally {
            end(line, List.of());
        }
    }

    private void commitFailed(Line line, Trouble trouble) {
        if (trouble.notExecuted()) {
            startOver(line, trouble);
        } else if (trouble.unknown()) {
            attempts.note(line, trouble);
            failEach(line, trouble);
        } else if (trouble.busy()) {
            context.lease().lockedElsewhere();
            if (writes.get(0).late()) {
                rollback(line, () -> fail(line, Committer.locked(context, writes.get(0), null)));
            } else {
                attempts.afterOthers(() -> commit(line), error -> {
                    line.close();
                    fail(line, error);
                });
            }
        } else if (trouble.constraint() || trouble.noTransaction()) {
            // A constraint that is checked at the end: which of the writes broke it shows when each runs alone.
            rollback(line, () -> {
                if (unit) {
                    fail(line, Failures.ofWrite(trouble, writes.get(0).only().command()));
                } else {
                    end(line, writes);
                }
            });
        } else {
            rollback(line, () -> failEach(line, trouble));
        }
    }

    private void failEach(Line line, Trouble trouble) {
        try {
            for (PendingWrite<?> write : writes) {
                counts.failed(1);
                write.fail(Failures.ofWrite(trouble, write.only().command()));
            }
        } finally {
            end(line, List.of());
        }
    }

    /** Nobody was executed: all begin anew with the next leader, if there is one in time. */
    private void startOver(Line line, Trouble trouble) {
        attempts.note(line, trouble);
        line.close();
        if (!attempts.onNewLeader(this::begin, this::failed)) {
            fail(line, Failures.ofRead(trouble, null));
        }
    }

    private void waitForOthers(Line line, Trouble trouble) {
        context.lease().lockedElsewhere();
        String why = trouble instanceof Trouble.Refusal refusal ? refusal.message() : null;
        for (PendingWrite<?> write : List.copyOf(writes)) {
            if (write.late()) {
                counts.failed(1);
                writes.remove(write);
                write.fail(Committer.locked(context, write, why));
            }
        }
        if (writes.isEmpty()) {
            end(line, List.of());
        } else {
            attempts.afterOthers(this::begin, this::failed);
        }
    }

    private void fail(Line line, R2dbcException error) {
        failAll(error, line);
    }

    private void failAll(R2dbcException error) {
        failAll(error, null);
    }

    private void failAll(R2dbcException error, @Nullable Line line) {
        try {
            for (PendingWrite<?> write : writes) {
                counts.failed(1);
                write.fail(Errors.map(error, write.only().source()));
            }
        } finally {
            if (line == null) {
                finish(List.of());
            } else {
                end(line, List.of());
            }
        }
    }

    private void end(Line line, List<PendingWrite<?>> alone) {
        line.keep(false);
        finish(alone);
    }

    private void finish(List<PendingWrite<?>> alone) {
        if (!done) {
            done = true;
            whenDone.accept(alone);
        }
    }

    private void rollback(Line line, Runnable next) {
        exec(line, "ROLLBACK", result -> next.run(), trouble -> {
            if (!trouble.noTransaction()) {
                line.close();
            }
            next.run();
        });
    }

    private void exec(Line line, String sql, Consumer<Reply.Result> done, Consumer<Trouble> failed) {
        line.submit(new Work(sql, Tuple.NONE, false) {
            @Override
            protected void result(Reply.Result result) {
                done.accept(result);
            }

            @Override
            protected void failed(Trouble trouble) {
                orFail(line, trouble, () -> failed.accept(trouble));
            }
        });
    }
}
