package com.decentdb.r2dbc.embedded.write;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeResult;
import com.decentdb.r2dbc.delivery.DriverThreads;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.engine.NativeParameters;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.SchemaVersion;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Errors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Feeds the engine's own write queue. The engine commits in groups what several threads wait for at once, so a few
 * threads of this writer sit in that call. They do so in rounds, each under the write lock, because the handle must
 * have no transaction open meanwhile; a round ends early when other claims of the lock wait.
 */
public final class WriteQueue {

    /** After so many writes a round makes way for other claims of the write lock. */
    private static final int FAIR_SHARE = 256;

    private final Lane lane;
    private final WriteLease lease;
    private final SchemaVersion schema;
    private final Runnable afterCommit;
    private final int maxWorkers;
    private final int capacity;
    private final WaitQueue<QueuedWrite> waiting;
    private final ThreadPoolExecutor pool;

    private enum Round {
        /** Nothing waits, and the write lock was not asked for. */
        NONE,
        /** The write lock was asked for. */
        CLAIMED,
        /** Workers may join. */
        OPEN,
        /** The workers finish their write, and none joins. */
        ENDING,
        /** Like ending, and the handle has to be replaced after it. */
        BROKEN
    }

    private Round round = Round.NONE;
    private int workers;
    private int taken;

    public WriteQueue(
            Lane lane,
            WriteLease lease,
            SchemaVersion schema,
            String name,
            int threads,
            int capacity,
            Runnable afterCommit) {
        this.lane = lane;
        this.lease = lease;
        this.schema = schema;
        this.maxWorkers = threads;
        this.capacity = capacity;
        this.afterCommit = afterCommit;
        this.waiting = new WaitQueue<>(capacity);
        this.pool = new ThreadPoolExecutor(
                threads,
                threads,
                DriverThreads.IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                DriverThreads.daemon(name));
        pool.allowCoreThreadTimeOut(true);
    }

    /** Queues a write, or fails it if the queue is full. */
    public void submit(QueuedWrite write) {
        if (!waiting.offer(write)) {
            write.exchange()
                    .fail(
                            waiting.closed()
                                    ? Errors.closed()
                                    : Errors.of(
                                            "53000",
                                            "The write was refused and not started: the queue is full with " + capacity
                                                    + " writes. Write slower, use the Publisher form, or raise writeQueueCapacity",
                                            write.sql().source()));
            return;
        }
        submitted(write);
    }

    /** Queues a write of a stream, which bounds the number of its writes itself. */
    public void submitBeyondCapacity(QueuedWrite write) {
        if (waiting.add(write)) {
            submitted(write);
        } else {
            write.exchange().fail(Errors.closed());
        }
    }

    public int waiting() {
        return waiting.size();
    }

    public int capacity() {
        return capacity;
    }

    /** Fails the writes that wait and all to come. */
    public void close(Throwable reason) {
        waiting.close().forEach(write -> write.exchange().fail(reason));
        pool.shutdown();
    }

    private void submitted(QueuedWrite write) {
        write.exchange().onCancel(() -> waiting.remove(write));
        boolean claim;
        boolean help;
        synchronized (this) {
            claim = round == Round.NONE;
            if (claim) {
                round = Round.CLAIMED;
            }
            help = round == Round.OPEN && workers < maxWorkers;
            if (help) {
                workers++;
            }
        }
        if (claim) {
            claimLease();
        } else if (help) {
            pool.execute(this::work);
        }
    }

    /** Begins a round; on the lane's thread, which thereby has nothing else to do with the handle. */
    private void openRound() {
        int start;
        synchronized (this) {
            round = Round.OPEN;
            taken = 0;
            start = Math.max(1, Math.min(maxWorkers, waiting.size()));
            workers = start;
        }
        try {
            lane.database();
        } catch (RuntimeException e) {
            waiting.drain()
                    .forEach(write -> write.exchange()
                            .fail(NativeErrors.map(e, write.sql().source())));
        }
        for (int i = 0; i < start; i++) {
            pool.execute(this::work);
        }
    }

    private void work() {
        Runnable answer = () -> {};
        QueuedWrite next;
        while ((next = take()) != null) {
            answer.run();
            answer = next.exchange().start() ? execute(next) : () -> {};
        }
        // A subscriber that goes on after the last answer of a round must find the write lock free.
        leave(answer);
    }

    private @Nullable QueuedWrite take() {
        synchronized (this) {
            if (round == Round.OPEN && taken >= FAIR_SHARE && lease.contended()) {
                round = Round.ENDING;
            }
            if (round != Round.OPEN) {
                return null;
            }
            taken++;
        }
        return waiting.poll();
    }

    /** Runs a write and returns the signal to its subscriber. */
    private Runnable execute(QueuedWrite write) {
        try {
            NativeDatabase database = lane.database();
            long affected;
            try (NativeResult result =
                    database.executeQueued(write.sql().text(), NativeParameters.of(write.arguments()), -1)) {
                affected = result.affectedRows();
            }
            afterCommit.run();
            return () -> write.exchange().answer(affected);
        } catch (Throwable e) {
            if (EngineTraits.breaksHandle(e)) {
                synchronized (this) {
                    round = Round.BROKEN;
                }
            }
            return () -> write.exchange().fail(NativeErrors.map(e, write.sql().source()));
        } finally {
            if (write.sql().kind() == SqlCommand.Kind.OTHER) {
                schema.changed();
            }
        }
    }

    /**
     * Leaves the round; the last worker ends it, and begins another if there is more to do. Whether a worker is the last is
     * decided together with the end of the round, so that no worker joins a round that gives the write lock back.
     */
    private void leave(Runnable answer) {
        boolean last;
        boolean replace;
        synchronized (this) {
            last = --workers == 0;
            replace = last && round == Round.BROKEN;
            if (last && round == Round.OPEN) {
                round = Round.ENDING;
            }
        }
        if (replace) {
            lane.execute(() -> {
                lane.discardHandle();
                endRound();
            });
        } else if (last) {
            endRound();
        }
        answer.run();
    }

    private void endRound() {
        lease.release();
        synchronized (this) {
            if (waiting.isEmpty()) {
                round = Round.NONE;
                return;
            }
            round = Round.CLAIMED;
        }
        claimLease();
    }

    private void claimLease() {
        lease.acquire(WriteLease.claim("the write queue", lane, this::openRound));
    }
}
