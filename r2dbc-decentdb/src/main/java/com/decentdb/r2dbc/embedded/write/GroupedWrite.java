package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.BatchInsert;
import com.decentdb.r2dbc.embedded.lane.Interrupts;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.LaneCursor;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Waits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A statement outside any transaction on its way to the writer lane, or several that run in order up to the first that fails.
 *
 * @param <T> the answer to its subscriber
 */
public final class GroupedWrite<T> implements WaitQueue.Request {

    private final List<Command> commands;
    private final Exchange<T> exchange;
    private final Interrupts.Owner owner;
    private final Function<List<Cursor>, T> answer;
    private final WriteLease lease;
    private final long submitted = System.nanoTime();
    private final List<Cursor> outcome = new ArrayList<>();
    private long waited;
    /** How many commands have run. */
    private int ran;

    /** Whether its outcomes are durable. */
    private boolean durable;

    private @Nullable Throwable failure;

    /**
     * A write not submitted yet.
     *
     * @param commands one, or several that change rows and nothing else
     * @param owner may end it while it runs
     * @param answer makes the answer of one outcome for each list of arguments of the commands that were executed, the first
     *     of several at least
     * @param lease the write lock that it waits for
     */
    public GroupedWrite(
            List<Command> commands,
            Exchange<T> exchange,
            Interrupts.Owner owner,
            Function<List<Cursor>, T> answer,
            WriteLease lease) {
        this.commands = commands;
        this.exchange = exchange;
        this.owner = owner;
        this.answer = answer;
        this.lease = lease;
    }

    /** Whether it may share a transaction with others: it changes rows and nothing else. */
    boolean groupable() {
        return commands.get(0).sql().kind() == SqlCommand.Kind.DML;
    }

    /**
     * Whether the engine may commit it by itself: it is one execution, and either changes no rows or returns none. Several
     * succeed or fail together, and returned rows must be of the schema that is known within the transaction.
     */
    boolean plain() {
        Command first = commands.get(0);
        return !divisible()
                && first.bindings().size() == 1
                && !(groupable() && first.sql().returning());
    }

    /** Whether it may succeed in part: its first commands were executed, those from the first failure on were not. */
    boolean divisible() {
        return commands.size() > 1;
    }

    /** The command that runs, or ran last. */
    SqlCommand sql() {
        return commands.get(Math.min(ran, commands.size() - 1)).sql();
    }

    /** How long it waited until it was started. */
    long waitedNanos() {
        return waited;
    }

    boolean start() {
        waited = System.nanoTime() - submitted;
        return exchange.start();
    }

    /** Whether its connection is closed; then it does not run any more. */
    boolean closed() {
        return owner.refusal() != null;
    }

    /** Fails it if its connection was closed before it ran; whether that is so, or its subscriber cancelled. */
    boolean tooLate() {
        boolean late = closed();
        if (late) {
            fail(Errors.closed());
        }
        return late || exchange.cancelled();
    }

    /** Lets it wait again, if it was started and has done nothing. */
    void putBack() {
        exchange.putBack();
    }

    /** One that may wait for other writes without limit waits for another process no longer than the others do. */
    @Override
    public long deadline() {
        long own = exchange.deadline();
        long since = lease.lockedElsewhereSince();
        Duration lockWait = commands.get(0).lockWait();
        if (own != NEVER || since == NEVER || lockWait.compareTo(Waits.UNLIMITED) >= 0) {
            return own;
        }
        long from = since - submitted < 0 ? submitted : since;
        return from + lockWait.toNanos();
    }

    /** Runs every command and keeps the outcomes, of which it returns how many there are; in a task of the lane. */
    int run(Lane lane) {
        begin();
        while (hasNext()) {
            runNext(lane);
        }
        return outcome.size();
    }

    /** Forgets what ran and was not kept. */
    void begin() {
        ran = 0;
        outcome.clear();
    }

    boolean hasNext() {
        return ran < commands.size();
    }

    /** Runs every execution of the next command and keeps the outcomes, unless its subscriber cancels; in a task of the lane. */
    void runNext(Lane lane) {
        lane.interrupts().run(owner, exchange, () -> execute(lane, commands.get(ran)));
        ran++;
    }

    private boolean execute(Lane lane, Command command) {
        BatchInsert insert = BatchInsert.of(lane, command.sql(), command.bindings());
        if (insert != null) {
            outcome.addAll(insert.run(lane));
        } else {
            for (Value[] arguments : command.bindings()) {
                outcome.add(LaneCursor.inMemory(lane, command.sql(), arguments, command.fetchSize()));
            }
        }
        return true;
    }

    /** Whether a command was executed since {@link #begin}. */
    boolean began() {
        return ran > 0;
    }

    /** Its outcomes are durable. */
    void committed() {
        durable = true;
    }

    /** It did not happen; the first reason counts. */
    void failed(Throwable error) {
        if (!durable && failure == null) {
            failure = error;
        }
    }

    /** Answers with the outcomes if they are durable, and else with the error; does nothing if it was answered before. */
    void respond() {
        Throwable error = failure;
        if (durable) {
            try {
                exchange.answer(answer.apply(outcome));
            } catch (Throwable e) {
                fail(e);
            }
        } else if (error != null) {
            fail(error);
        }
    }

    void fail(Throwable error) {
        exchange.fail(NativeErrors.ofStatement(error, sql()));
    }

    @Override
    public Exchange<T> exchange() {
        return exchange;
    }
}
