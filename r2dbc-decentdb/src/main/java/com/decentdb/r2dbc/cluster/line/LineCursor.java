package com.decentdb.r2dbc.cluster.line;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.RowsFrame;
import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.delivery.Exchange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rows of a statement. A frame is read when it is asked for, or when another statement waits for the line. Confined to the loop. */
public final class LineCursor {

    private final Line line;
    private final Work work;
    private final RowsFrame first;
    private final Deque<RowsFrame> inMemory = new ArrayDeque<>();
    private @Nullable Exchange<RowBatch> waiting;
    private @Nullable Throwable failure;
    private @Nullable Runnable whenEnded;
    private @Nullable Runnable whenOver;
    private boolean reading;
    private boolean readsOn;
    private boolean ended;
    private volatile boolean exhausted;

    LineCursor(Line line, Work work, RowsFrame first) {
        this.line = line;
        this.work = work;
        this.first = first;
        this.ended = !first.more();
        this.exhausted = ended;
    }

    /** The frame that came with the answer. */
    public RowsFrame first() {
        return first;
    }

    /** Whether nothing follows what was read. */
    public boolean ended() {
        return ended;
    }

    /** Runs an action when nothing is left on the line; at once if nothing is. */
    public void whenEnded(Runnable action) {
        if (ended) {
            action.run();
        } else {
            whenEnded = action;
        }
    }

    /** Runs an action as soon as its reader gets no more, even if rows are still to pass on the line; at once if that is so. */
    public void whenOver(Runnable action) {
        if (ended) {
            action.run();
        } else {
            whenOver = action;
        }
    }

    private void over() {
        Runnable action = whenOver;
        whenOver = null;
        if (action != null) {
            action.run();
        }
    }

    /** Reads all rows, and gives them together to an action, or the error in place of them. */
    public void readAll(AllRows whenRead) {
        whenEnded(() -> {
            Throwable error = failure;
            List<RowsFrame> all = new ArrayList<>();
            all.add(first);
            all.addAll(inMemory);
            inMemory.clear();
            whenRead.read(all, error);
        });
        readIntoMemory();
    }

    /** Takes all rows of a statement. */
    public interface AllRows {

        /**
         * All rows are in memory, or there is an error.
         *
         * @param failure null if all were read
         */
        void read(List<RowsFrame> frames, @Nullable Throwable failure);
    }

    /** Answers with the next frame, or with null at the end. */
    public void next(Exchange<RowBatch> exchange) {
        if (!exchange.start()) {
            return;
        }
        RowsFrame frame = inMemory.poll();
        Throwable error = failure;
        if (frame != null) {
            exhausted = ended && inMemory.isEmpty() && error == null;
            exchange.answer(frame);
        } else if (error != null) {
            exchange.fail(error);
        } else if (ended) {
            exchange.answer(null);
        } else {
            waiting = exchange;
            work.resumed();
            read();
        }
    }

    /** Whether nothing is left for the reader; any thread. */
    public boolean exhausted() {
        return exhausted;
    }

    /** Reads what is left, so that the line is free for other statements. */
    void readIntoMemory() {
        readsOn = true;
        read();
    }

    private void read() {
        if (reading || ended) {
            return;
        }
        reading = true;
        line.more(new NodeChannel.Answer() {
            @Override
            public void reply(Reply reply) {
                reading = false;
                if (reply instanceof Reply.Rows rows) {
                    take(rows.frame());
                } else if (reply instanceof Reply.Failure refused) {
                    fail(new Trouble.Refusal(refused.code(), refused.message()));
                } else {
                    fail(new Trouble.Loss(
                            new ChannelLost(ChannelLost.Kind.PROTOCOL, "it sent something else than rows", null),
                            true));
                    line.close();
                }
            }

            @Override
            public void lost(ChannelLost why) {
                reading = false;
                fail(new Trouble.Loss(why, true));
            }
        });
    }

    private void take(RowsFrame frame) {
        boolean last = !frame.more();
        Exchange<RowBatch> reader = waiting;
        waiting = null;
        ended = last;
        exhausted = last && reader != null;
        if (reader != null && !(last && frame.rows() == 0)) {
            reader.answer(frame);
        } else if (reader != null) {
            reader.answer(null);
        } else if (frame.rows() > 0) {
            inMemory.add(frame);
        }
        if (last) {
            end();
        } else if (readsOn) {
            read();
        } else {
            work.paused();
        }
    }

    private void fail(Trouble trouble) {
        if (ended && whenEnded == null) {
            return;
        }
        ended = true;
        Throwable error = work.broken(trouble);
        failure = error;
        Exchange<RowBatch> reader = waiting;
        waiting = null;
        if (reader != null) {
            reader.fail(error);
        }
        end();
    }

    private void end() {
        over();
        Runnable action = whenEnded;
        whenEnded = null;
        line.cursorEnded(this);
        if (action != null) {
            action.run();
        }
    }

    /** Gives the rest up. */
    public void closeNow() {
        inMemory.clear();
        if (!ended) {
            ended = true;
            waiting = null;
            over();
            Runnable action = whenEnded;
            whenEnded = null;
            line.cursorGivenUp(this, action == null ? () -> {} : action);
        }
    }

    /** Gives the rest up, because what it belongs to is over. */
    void end(Trouble trouble) {
        abandon(work.broken(trouble));
    }

    /** Gives the rest up, so that a reader who goes on gets an error. */
    public void abandon(Throwable error) {
        Exchange<RowBatch> reader = waiting;
        failure = error;
        closeNow();
        if (reader != null) {
            reader.fail(error);
        }
    }
}
