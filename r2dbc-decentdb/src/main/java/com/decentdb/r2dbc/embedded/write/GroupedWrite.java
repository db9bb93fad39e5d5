package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.BufferedCursor;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement outside any transaction on its way to the writer lane. */
public final class GroupedWrite implements WaitQueue.Request {

    private final Command command;
    private final Exchange<List<Cursor>> exchange;
    private @Nullable List<Cursor> outcome;

    public GroupedWrite(Command command, Exchange<List<Cursor>> exchange) {
        this.command = command;
        this.exchange = exchange;
    }

    /** Whether it may share a transaction with others: it changes rows and nothing else. */
    boolean groupable() {
        return command.sql().kind() == SqlCommand.Kind.DML;
    }

    /**
     * Whether the engine may commit it by itself: it is one execution, and either changes no rows or returns none. Several
     * succeed or fail together, and returned rows must be of the schema that is known within the transaction.
     */
    boolean plain() {
        return command.bindings().size() == 1 && !(groupable() && command.sql().returning());
    }

    String sql() {
        return command.sql().source();
    }

    boolean start() {
        return exchange.start();
    }

    /** Runs every execution and keeps the outcome; on the lane's thread. */
    void run(Lane lane) {
        List<Cursor> cursors = new ArrayList<>(command.bindings().size());
        for (Value[] arguments : command.bindings()) {
            cursors.add(BufferedCursor.run(lane, command.sql(), arguments, command.fetchSize()));
        }
        outcome = cursors;
    }

    /** Answers with the outcome of {@link #run}, now that it is durable. */
    void acknowledge() {
        exchange.answer(outcome);
    }

    void fail(Throwable error) {
        exchange.fail(NativeErrors.map(error, sql()));
    }

    @Override
    public Exchange<?> exchange() {
        return exchange;
    }
}
