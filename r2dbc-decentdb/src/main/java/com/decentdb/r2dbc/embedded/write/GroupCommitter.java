package com.decentdb.r2dbc.embedded.write;

import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.transport.Errors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Runs statements outside transactions on the writer lane: all that wait form a group with one commit, and no subscriber
 * hears of success before it. A statement that fails fails alone: the group is rolled back and replayed with a savepoint
 * around each.
 */
public final class GroupCommitter {

    private static final int MAX_GROUP = 256;
    private static final String SAVEPOINT = "decentdb_group";

    /** The promises to those whose writes are committed. */
    public enum Terms {
        /** Only the wait for others counts: a write that finds the write lock free cannot expire. */
        AUTO_COMMIT(
                "the writes outside transactions", "%d writes wait already. Write slower, or raise maxPendingWrites"),
        /** All time from the submission on counts. */
        QUEUE(
                "the write queue",
                "the queue is full with %d writes. Write slower, use the Publisher form, or raise writeQueueCapacity");

        private final String purpose;
        private final String refusal;

        Terms(String purpose, String refusal) {
            this.purpose = purpose;
            this.refusal = refusal;
        }
    }

    private final Terms terms;
    private final Lane lane;
    private final WriteLease lease;
    private final boolean commitsAlone;
    private final Runnable afterCommit;
    private final WaitQueue<GroupedWrite<?>> waiting;
    private final WriteCounters counters = new WriteCounters();
    private final int capacity;
    private final AtomicBoolean claimed = new AtomicBoolean();
    private volatile boolean waitsForLock;
    /** Whether a group is being written, which those that come now wait for. */
    private volatile boolean running;

    /**
     * A committer at rest.
     *
     * @param commitsAlone whether the engine commits a single write safely without a transaction of the driver's
     * @param capacity how many writes may wait
     */
    public GroupCommitter(
            Terms terms, Lane lane, WriteLease lease, boolean commitsAlone, int capacity, Runnable afterCommit) {
        this.terms = terms;
        this.lane = lane;
        this.lease = lease;
        this.commitsAlone = commitsAlone;
        this.capacity = capacity;
        this.afterCommit = afterCommit;
        this.waiting = new WaitQueue<>(capacity, () -> terms == Terms.QUEUE || waitsForLock || running);
    }

    /** Queues a write, or fails it if too many wait. */
    public void submit(GroupedWrite<?> write) {
        accepted(waiting.offer(write), write);
    }

    /** Queues a write of a stream, which bounds the number of its writes itself. */
    public void submitBeyondCapacity(GroupedWrite<?> write) {
        accepted(waiting.add(write), write);
    }

    private void accepted(boolean queued, GroupedWrite<?> write) {
        if (queued) {
            write.exchange().onCancel(() -> waiting.remove(write));
            claim();
        } else {
            write.fail(
                    waiting.closed()
                            ? Errors.closed()
                            : Errors.of(
                                    "53000",
                                    "The write was refused and not started: " + String.format(terms.refusal, capacity),
                                    write.sql()));
        }
    }

    public int waiting() {
        return waiting.size();
    }

    public int capacity() {
        return capacity;
    }

    /** Counts its work so far; in a task of the lane. */
    public WriteCounters counters() {
        return counters;
    }

    /** Fails those that wait and all to come. */
    public void close(Throwable reason) {
        waiting.close().forEach(write -> write.fail(reason));
    }

    private void claim() {
        if (claimed.compareAndSet(false, true)) {
            AtomicBoolean granted = new AtomicBoolean();
            lease.acquire(WriteLease.claim(
                    terms.purpose,
                    round -> {
                        synchronized (granted) {
                            granted.set(true);
                            waitsForLock = false;
                        }
                        lane.execute(round);
                    },
                    this::round));
            synchronized (granted) {
                if (!granted.get()) {
                    waitsForLock = true;
                }
            }
            if (waitsForLock) {
                waiting.sweep();
            }
        }
    }

    /** Runs the writes that wait now, then gives the write lock on; in a task of the lane. */
    private void round() {
        List<Runnable> answers = new ArrayList<>();
        try {
            List<GroupedWrite<?>> batch = waiting.poll(MAX_GROUP);
            running = true;
            if (!waiting.isEmpty()) {
                waiting.sweep();
            }
            int i = 0;
            while (i < batch.size()) {
                List<GroupedWrite<?>> group = new ArrayList<>();
                while (i < batch.size() && batch.get(i).groupable()) {
                    group.add(batch.get(i++));
                }
                commit(group, answers);
                if (i < batch.size()) {
                    commit(List.of(batch.get(i++)), answers);
                }
            }
        } finally {
            running = false;
            // In this order: a write submitted in between must not wait for the lock that this round still holds, and a
            // subscriber that goes on after an answer must find the lock free.
            lease.release();
            claimed.set(false);
            if (!waiting.isEmpty()) {
                claim();
            }
            answers.forEach(Runnable::run);
        }
    }

    private void commit(List<GroupedWrite<?>> group, List<Runnable> answers) {
        List<GroupedWrite<?>> started = new ArrayList<>(group.size());
        for (GroupedWrite<?> write : group) {
            if (write.start()) {
                counters.started(write);
                started.add(write);
            }
        }
        if (started.isEmpty()) {
            return;
        }
        try {
            if (lane.inTransaction()) {
                throw Errors.of(
                        "25001", "A transaction was begun on this connection before the write was started", null);
            }
            if (started.size() == 1 && commitsAlone(started.get(0))) {
                started.get(0).run(lane);
                committed(started, answers);
            } else if (!commitTogether(started, answers)) {
                commitApart(started, answers);
            }
        } catch (Throwable e) {
            counters.failed(started.size());
            started.forEach(write -> answers.add(() -> write.fail(e)));
            lane.rollback();
        }
    }

    private boolean commitsAlone(GroupedWrite<?> write) {
        return write.plain() && (commitsAlone || !write.groupable());
    }

    /** Runs the group in one transaction; false if a statement failed and nothing was kept. */
    private boolean commitTogether(List<GroupedWrite<?>> group, List<Runnable> answers) {
        lane.begin();
        for (GroupedWrite<?> write : group) {
            try {
                write.run(lane);
            } catch (RuntimeException e) {
                if (group.size() == 1 || EngineTraits.breaksHandle(e)) {
                    throw e;
                }
                lane.rollback();
                return false;
            }
        }
        lane.commit();
        committed(group, answers);
        return true;
    }

    /** Runs the group in one transaction with a savepoint around each statement. */
    private void commitApart(List<GroupedWrite<?>> group, List<Runnable> answers) {
        lane.begin();
        List<GroupedWrite<?>> succeeded = new ArrayList<>(group.size());
        List<Runnable> failures = new ArrayList<>();
        for (GroupedWrite<?> write : group) {
            control("SAVEPOINT " + SAVEPOINT);
            Throwable error = attempt(write);
            if (error == null) {
                succeeded.add(write);
            } else {
                control("ROLLBACK TO SAVEPOINT " + SAVEPOINT);
                failures.add(() -> write.fail(error));
            }
            control("RELEASE SAVEPOINT " + SAVEPOINT);
        }
        lane.commit();
        committed(succeeded, answers);
        counters.failed(failures.size());
        answers.addAll(failures);
    }

    private @Nullable Throwable attempt(GroupedWrite<?> write) {
        try {
            write.run(lane);
            return null;
        } catch (RuntimeException e) {
            if (EngineTraits.breaksHandle(e)) {
                throw e;
            }
            return e;
        }
    }

    private void committed(List<GroupedWrite<?>> writes, List<Runnable> answers) {
        counters.committed(writes.size());
        afterCommit.run();
        writes.forEach(write -> answers.add(write::acknowledge));
    }

    private void control(String sql) {
        lane.call(database -> {
            database.execute(sql, Parameters.of(0)).close();
            return database;
        });
    }
}
