package com.decentdb.r2dbc.cluster.line;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.meter.Census;
import com.decentdb.r2dbc.cluster.meter.ClusterLog;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters.Kind;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters.Outcome;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters.Role;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A channel to the leader with the database open. Statements run one after another; while one waits behind a result whose rows are
 * not read, the rest of that is read into memory. Confined to the loop.
 */
public final class Line {

    private static final long DRAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** Learns of what happens on a line. */
    interface Owner {

        /** The channel broke by itself, or the node did not answer on it. */
        void broken(ChannelLost why);

        /** The channel is closed, for whatever reason. */
        void closed(Line line);

        void requested(Kind kind, Outcome outcome, long nanos);

        ServerFeatures features();
    }

    private final NodeChannel channel;
    private final long epoch;
    private final Owner owner;
    private final Statements statements = new Statements();
    private final Deque<Work> waiting = new ArrayDeque<>();
    private @Nullable Work running;
    private @Nullable LineCursor cursor;
    /** Whether a statement that was given up runs to its end, because closing would undo what came before it. */
    private boolean keeps;

    private Duration statementTimeout;
    private long began;
    private Role role = Role.READER;
    private @Nullable Runnable whenFree;
    private @Nullable Runnable whenLost;

    /** Takes a channel on which the database was opened. */
    Line(NodeChannel channel, long epoch, Duration statementTimeout, Owner owner) {
        this.channel = channel;
        this.epoch = epoch;
        this.statementTimeout = statementTimeout;
        this.owner = owner;
        channel.whenClosed(this::lost);
    }

    /** The epoch of the leader it leads to. */
    public long epoch() {
        return epoch;
    }

    /** The features of its leader, as far as they are known. */
    public ServerFeatures features() {
        return owner.features();
    }

    public boolean isOpen() {
        return channel.isOpen();
    }

    /** Its use, which is to read unless this says otherwise. */
    public void role(Role use) {
        role = use;
    }

    Census.Channel census() {
        return new Census.Channel(role, !isFree());
    }

    /** Whether nothing runs or waits on it. */
    public boolean isFree() {
        return running == null && cursor == null && waiting.isEmpty() && channel.isIdle();
    }

    /** Since when its channel has been idle, in {@link System#nanoTime()}. */
    public long idleSince() {
        return channel.idleSince();
    }

    /** Bounds the first answer to a statement, and each further frame that is asked for. */
    public void statementTimeout(Duration timeout) {
        statementTimeout = timeout;
    }

    /** Whether a statement that was given up runs to its end; otherwise the channel is closed if that takes a while. */
    public void keep(boolean keep) {
        keeps = keep;
    }

    /** Runs an action each time that nothing runs or waits any more. */
    public void whenFree(@Nullable Runnable action) {
        whenFree = action;
    }

    /** Runs an action when the channel is closed; at once if it is. */
    public void whenLost(@Nullable Runnable action) {
        whenLost = action;
        if (!channel.isOpen() && action != null) {
            action.run();
        }
    }

    /** Runs a statement behind those before it. */
    public void submit(Work work) {
        if (!channel.isOpen()) {
            work.failed(new Trouble.Loss(gone(), false));
            return;
        }
        waiting.add(work);
        LineCursor open = cursor;
        if (open != null) {
            open.readIntoMemory();
        }
        next();
    }

    /** Runs a statement before those that wait; for one that the failure of another makes necessary. */
    public void submitNext(Work work) {
        if (!channel.isOpen()) {
            work.failed(new Trouble.Loss(gone(), false));
            return;
        }
        waiting.addFirst(work);
        next();
    }

    /** Ends everything that runs and waits, with an error for its subscribers, when a transaction is to be rolled back. */
    public void endAll() {
        keeps = false;
        Trouble.Loss ended = new Trouble.Loss(
                new ChannelLost(ChannelLost.Kind.GIVEN_UP, "the transaction was rolled back meanwhile", null), true);
        try {
            List<Work> behind = List.copyOf(waiting);
            waiting.clear();
            LineCursor open = cursor;
            Work now = running;
            // A cancelled answer was to be passed to its end, which does not matter any more.
            if (open != null && open.ended()) {
                cursorGivenUp(open, () -> {});
            } else if (open != null) {
                open.end(ended);
            } else if (now != null) {
                boolean awaited = !now.dropped();
                giveUp(now);
                if (awaited) {
                    now.failed(ended);
                }
            }
            fail(behind, ended);
        } catch (Throwable e) {
            // Without its channel everything ends.
            close();
        }
    }

    /** Fails those for which somebody waits, each whatever became of the one before. */
    private static void fail(List<Work> works, Trouble trouble) {
        for (Work work : works) {
            if (!work.dropped()) {
                try {
                    work.failed(trouble);
                } catch (Throwable e) {
                    ClusterLog.warn("The end of a statement could not be reported: {}", e.toString());
                }
            }
        }
    }

    /** Gives a statement up: one that waits does not run, one that runs is stopped if nothing depends on the line. */
    public void giveUp(Work work) {
        work.drop();
        if (waiting.remove(work)) {
            return;
        }
        if (running == work && !keeps) {
            channel.drain(1, DRAIN_NANOS, () -> ended(work));
        }
    }

    /** Asks the node whether it leads. */
    public void ask(byte[] request, Duration timeout, NodeChannel.Answer answer) {
        channel.ask(request, timeout.toNanos(), answer);
    }

    public void close() {
        channel.close();
    }

    private void next() {
        while (running == null && cursor == null && channel.isOpen()) {
            Work work = waiting.poll();
            if (work == null) {
                Runnable action = whenFree;
                if (action != null && channel.isIdle()) {
                    action.run();
                }
                return;
            }
            if (!work.dropped()) {
                running = work;
                began = System.nanoTime();
                start(work);
            }
        }
    }

    private void start(Work work) {
        Statements.Step step = statements.next(work);
        if (step instanceof Statements.Finalize obsolete) {
            channel.ask(Requests.finalizeStatement(obsolete.id()), timeoutNanos(), new Answer(work) {
                @Override
                void answered(Reply reply) {
                    if (reply instanceof Reply.Empty) {
                        start(work);
                    } else {
                        unexpected(reply);
                    }
                }
            });
        } else if (step instanceof Statements.Prepare) {
            channel.ask(Requests.prepare(work.sql(), 0), timeoutNanos(), new Answer(work) {
                @Override
                void answered(Reply reply) {
                    if (reply instanceof Reply.Prepared prepared) {
                        statements.prepared(work, prepared);
                        start(work);
                    } else {
                        refusedOr(reply);
                    }
                }
            });
        } else {
            channel.ask(statements.request(work), timeoutNanos(), new Answer(work) {
                @Override
                void answered(Reply reply) {
                    outcome(work, reply, this);
                }
            });
        }
    }

    private void outcome(Work work, Reply reply, Answer answer) {
        if (reply instanceof Reply.Rows rows && work.query()) {
            requested(work, Outcome.OK);
            statements.ran(work, rows.frame().names());
            LineCursor opened = new LineCursor(this, work, rows.frame());
            running = null;
            if (rows.frame().more()) {
                cursor = opened;
            }
            if (work.dropped()) {
                opened.closeNow();
            } else {
                work.rows(opened);
                if (cursor == opened && !waiting.isEmpty()) {
                    opened.readIntoMemory();
                } else if (cursor == opened) {
                    work.paused();
                }
            }
            next();
        } else if (reply instanceof Reply.Result result && !work.query()) {
            running = null;
            requested(work, Outcome.OK);
            if (!work.dropped()) {
                work.result(result);
            }
            next();
        } else {
            answer.refusedOr(reply);
        }
    }

    private void requested(Work work, Outcome outcome) {
        owner.requested(work.kind(), outcome, System.nanoTime() - began);
    }

    /** Reads the next frame of the open cursor. */
    void more(NodeChannel.Answer answer) {
        channel.more(timeoutNanos(), answer);
    }

    /** The open cursor has come to its end. */
    void cursorEnded(LineCursor ended) {
        if (cursor == ended) {
            cursor = null;
            next();
        }
    }

    /** The open cursor is given up; the action runs when its rows have passed, and not if that closes the channel. */
    void cursorGivenUp(LineCursor givenUp, Runnable whenPassed) {
        if (cursor != givenUp) {
            whenPassed.run();
            return;
        }
        Runnable passed = () -> {
            cursorEnded(givenUp);
            whenPassed.run();
        };
        channel.drain(keeps ? Integer.MAX_VALUE : 1, keeps ? timeoutNanos() : DRAIN_NANOS, passed);
    }

    private void ended(Work work) {
        if (running == work) {
            running = null;
            next();
        }
    }

    private long timeoutNanos() {
        return statementTimeout.toNanos();
    }

    /** The schema changed: what was prepared may describe other columns. */
    public void forgetStatements() {
        statements.forgetAll();
    }

    private void lost(ChannelLost why) {
        owner.closed(this);
        if (why.kind() == ChannelLost.Kind.CLOSED || why.kind() == ChannelLost.Kind.TIMED_OUT) {
            owner.broken(why);
        }
        List<Work> unsent = List.copyOf(waiting);
        waiting.clear();
        fail(unsent, new Trouble.Loss(gone(), false));
        Runnable action = whenLost;
        if (action != null) {
            action.run();
        }
    }

    private static ChannelLost gone() {
        return new ChannelLost(ChannelLost.Kind.CLOSED, "the connection to the leader is closed", null);
    }

    /** The answer to one of the requests of a statement. */
    private abstract class Answer implements NodeChannel.Answer {

        private final Work work;

        Answer(Work work) {
            this.work = work;
        }

        abstract void answered(Reply reply);

        final void refusedOr(Reply reply) {
            if (reply instanceof Reply.Failure failure) {
                end(new Trouble.Refusal(failure.code(), failure.message()));
            } else {
                unexpected(reply);
            }
        }

        final void unexpected(Reply reply) {
            end(new Trouble.Loss(channel.refuse(reply), true));
        }

        private void end(Trouble trouble) {
            running = null;
            requested(work, work.outcome(trouble, keeps));
            if (!work.dropped()) {
                work.failed(trouble);
            }
            next();
        }

        @Override
        public final void reply(Reply reply) {
            answered(reply);
        }

        @Override
        public final void lost(ChannelLost why) {
            end(new Trouble.Loss(why, true));
        }
    }
}
