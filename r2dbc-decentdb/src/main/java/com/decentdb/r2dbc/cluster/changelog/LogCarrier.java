package com.decentdb.r2dbc.cluster.changelog;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineCursor;
import com.decentdb.r2dbc.cluster.line.Work;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Param;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.RowsFrame;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a statement that alters a table, and carries the logs of tables along: within the same transaction the triggers are made anew
 * that record a table as it was. If that cannot be, the statement fails, and the transaction is as it was before. Confined to the loop.
 */
public final class LogCarrier {

    private static final String SAVEPOINT = "decentdb_alter";

    /** SQLite's code for what is not supported where it runs. */
    private static final long NOT_SUPPORTED = 22;

    private final Line line;
    private final String sql;
    private final Tuple arguments;
    private final Consumer<Reply.Result> altered;
    private final Consumer<Trouble> failed;
    private final Deque<String> tables = new ArrayDeque<>();
    private Reply.@Nullable Result result;

    private LogCarrier(
            Line line, String sql, Tuple arguments, Consumer<Reply.Result> altered, Consumer<Trouble> failed) {
        this.line = line;
        this.sql = sql;
        this.arguments = arguments;
        this.altered = altered;
        this.failed = failed;
    }

    /**
     * Runs a statement on a line on which a transaction is open, before whatever waits for the line when it has begun.
     *
     * @param altered takes the outcome
     * @param failed takes the trouble with it in place of that; a table that can no longer be logged is one
     * @return the first step, which can be given up as long as nothing was changed
     */
    public static Work run(
            Line line, String sql, Tuple arguments, Consumer<Reply.Result> altered, Consumer<Trouble> failed) {
        LogCarrier carrier = new LogCarrier(line, sql, arguments, altered, failed);
        Work first = carrier.query(LogTriggers.LOGGED_TABLES, Tuple.NONE, carrier::begin, failed);
        line.submit(first);
        return first;
    }

    private void begin(List<RowsFrame> logged) {
        for (RowsFrame frame : logged) {
            for (int i = 0; i < frame.rows(); i++) {
                tables.add(frame.text(i, 0));
            }
        }
        if (tables.isEmpty()) {
            exec(sql, arguments, altered, failed);
        } else {
            exec("SAVEPOINT " + SAVEPOINT, done -> alter());
        }
    }

    private void alter() {
        exec(
                sql,
                arguments,
                done -> {
                    result = done;
                    // A table may have another name now.
                    line.submitNext(query(LogTriggers.LOGGED_TABLES, Tuple.NONE, this::carry, this::undo));
                },
                this::undo);
    }

    private void carry(List<RowsFrame> logged) {
        tables.clear();
        for (RowsFrame frame : logged) {
            for (int i = 0; i < frame.rows(); i++) {
                tables.add(frame.text(i, 0));
            }
        }
        next();
    }

    private void next() {
        String table = tables.poll();
        Reply.Result done = result;
        if (table == null && done != null) {
            exec("RELEASE " + SAVEPOINT, released -> altered.accept(done));
        } else if (table != null) {
            line.submitNext(query(LogTable.ONE, of(table), described -> describe(table, described), this::undo));
        }
    }

    private static Tuple of(String table) {
        return new Tuple(List.of(new Param.Text(table)));
    }

    private void describe(String name, List<RowsFrame> described) {
        RowsFrame frame = described.get(0);
        if (frame.rows() == 0) {
            next();
            return;
        }
        LogTable table = LogTable.of(
                frame.text(0, 0),
                frame.text(0, 1),
                frame.int64(0, 2) == 0,
                frame.text(0, 3),
                frame.text(0, 4),
                frame.isNull(0, 5) ? null : frame.text(0, 5));
        if (table.isCurrent()) {
            next();
        } else {
            line.submitNext(query(LogTriggers.NAMES, of(name), triggers -> renew(table, triggers), this::undo));
        }
    }

    private void renew(LogTable table, List<RowsFrame> triggers) {
        List<String> statements = new ArrayList<>();
        for (RowsFrame frame : triggers) {
            for (int i = 0; i < frame.rows(); i++) {
                statements.add(LogTriggers.drop(frame.text(i, 0)));
            }
        }
        try {
            statements.addAll(LogTriggers.anew(table));
        } catch (R2dbcException refusal) {
            undo(new Trouble.Refusal(NOT_SUPPORTED, String.valueOf(refusal.getMessage())));
            return;
        }
        renew(statements, 0);
    }

    private void renew(List<String> statements, int index) {
        if (index == statements.size()) {
            next();
        } else {
            exec(statements.get(index), done -> renew(statements, index + 1));
        }
    }

    /** The statement, or what follows it, failed. */
    private void undo(Trouble trouble) {
        if (trouble.endsTransaction() || trouble.unknown()) {
            failed.accept(trouble);
            return;
        }
        exec(
                "ROLLBACK TO " + SAVEPOINT,
                Tuple.NONE,
                back -> exec("RELEASE " + SAVEPOINT, Tuple.NONE, released -> failed.accept(trouble), failed),
                failed);
    }

    private void exec(String statement, Consumer<Reply.Result> done) {
        exec(statement, Tuple.NONE, done, this::undo);
    }

    private void exec(String statement, Tuple with, Consumer<Reply.Result> done, Consumer<Trouble> otherwise) {
        line.submitNext(new Work(statement, with, false) {
            @Override
            protected void result(Reply.Result ended) {
                done.accept(ended);
            }

            @Override
            protected void failed(Trouble trouble) {
                otherwise.accept(trouble);
            }
        });
    }

    private Work query(String text, Tuple with, Consumer<List<RowsFrame>> use, Consumer<Trouble> otherwise) {
        return new Work(text.replace('$', '?'), with, true) {

            private @Nullable Trouble trouble;

            @Override
            protected void rows(LineCursor cursor) {
                cursor.readAll((frames, failure) -> {
                    Trouble broken = trouble;
                    if (broken == null) {
                        use.accept(frames);
                    } else {
                        otherwise.accept(broken);
                    }
                });
            }

            @Override
            protected void failed(Trouble why) {
                otherwise.accept(why);
            }

            @Override
            protected R2dbcException broken(Trouble why) {
                trouble = why;
                return Failures.ofRead(why, null);
            }
        };
    }
}
