package com.decentdb.r2dbc.embedded.write;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.Savepoint;
import com.decentdb.r2dbc.transport.Errors;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Runs statements outside transactions on the writer lane: all that wait form a group with one commit, and no subscriber
 * hears of success before it. A statement that fails, or is cancelled while it runs, fails alone: the group is rolled back and replayed
 * with a savepoint around each. A commit cannot be cancelled.
 */
public final class GroupCommitter {

    private static final int MAX_GROUP = 256;

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
        write.exchange().onCancel(() -> waiting.remove(write));
        accepted(waiting.offer(write), write);
    }

    /** Queues a write of a stream, which bounds the number of its writes itself. */
    public void submitBeyondCapacity(GroupedWrite<?> write) {
        write.exchange().onCancel(() -> waiting.remove(write));
        accepted(waiting.add(write), write);
    }

    private void accepted(boolean queued, GroupedWrite<?> write) {
        if (queued) {
            claim();
            if (write.closed()) {
                dropClosed();
            }
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

    /** Expires the writes whose time is up; a deadline may depend on who holds the write lock. */
    public void sweep() {
        waiting.sweep();
    }

    /** Counts its work so far; in a task of the lane. */
    public WriteCounters counters() {
        return counters;
    }

    /** Fails those that wait and whose connection was closed. */
    public void dropClosed() {
        if (!waiting.isEmpty()) {
            waiting.take(GroupedWrite::closed).forEach(GroupedWrite::tooLate);
        }
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
        boolean lockedElsewhere = false;
        try {
            List<GroupedWrite<?>> batch = waiting.poll(MAX_GROUP);
            running = true;
            if (!waiting.isEmpty()) {
                waiting.sweep();
            }
            int done = 0;
            while (done < batch.size() && !lockedElsewhere) {
                int end = done;
                while (end < batch.size() && batch.get(end).groupable()) {
                    end++;
                }
                end = Math.max(end, done + 1);
                if (commit(batch.subList(done, end), answers)) {
                    done = end;
                } else {
                    putBack(batch.subList(done, batch.size()));
                    lockedElsewhere = true;
                }
            }
        } finally {
            running = false;
            if (lockedElsewhere) {
                lease.retry(lane, this::tryAgain);
            } else {
                waitsForLock = false;
                handOn();
            }
            answers.forEach(Runnable::run);
        }
    }

    /** Looks whether the lock of the file is free now. The writes wait in the queue meanwhile, where each has its deadline. */
    private void tryAgain() {
        try {
            if (waiting.hasWaiter() && !lane.inTransaction()) {
                lane.beginWriting();
                lane.rollback();
            }
        } catch (Throwable e) {
            if (lane.lockedElsewhere(e)) {
                lease.retry(lane, this::tryAgain);
                return;
            }
            // The writes will meet the same, and report it.
        }
        round();
    }

    private void handOn() {
        // In this order: a write submitted in between must not wait for the lock that this round still holds, and a
        // subscriber that goes on after an answer must find the lock free.
        lease.release();
        claimed.set(false);
        if (!waiting.isEmpty()) {
            claim();
        }
    }

    /** Lets writes that another process keeps from the file wait for it, as long as each may. */
    private void putBack(List<GroupedWrite<?>> writes) {
        Throwable failure = null;
        try {
            waitsForLock = true;
            writes.forEach(GroupedWrite::putBack);
            if (waiting.putBack(writes)) {
                waiting.sweep();
                dropClosed();
            } else {
                failure = Errors.closed();
            }
        } catch (Throwable e) {
            failure = e;
        }
        if (failure != null) {
            Throwable error = failure;
            writes.forEach(write -> write.fail(error));
        }
    }

    /** Runs and commits writes; false if another process has the lock of the file, and nothing was done. */
    private boolean commit(List<GroupedWrite<?>> group, List<Runnable> answers) {
        List<GroupedWrite<?>> started = new ArrayList<>(group.size());
        for (GroupedWrite<?> write : group) {
            if (write.start() && !write.tooLate()) {
                started.add(write);
            }
        }
        if (started.isEmpty()) {
            return true;
        }
        try {
            if (lane.inTransaction()) {
                throw Errors.of(
                        "25001", "A transaction was begun on this connection before the write was started", null);
            }
            if (started.size() == 1 && commitsAlone(started.get(0))) {
                GroupedWrite<?> alone = started.get(0);
                lane.alone(() -> alone.run(lane));
                committed(started, answers);
            } else if (!commitTogether(started, answers)) {
                commitApart(started, answers);
            }
        } catch (Throwable e) {
            if (lane.lockedElsewhere(e)) {
                lane.rollback();
                return false;
            }
            counters.failed(started.size());
            started.forEach(write -> answers.add(() -> write.fail(e)));
            lane.rollback();
        }
        lease.lockedHere();
        started.forEach(counters::started);
        return true;
    }

    private boolean commitsAlone(GroupedWrite<?> write) {
        return write.plain() && (commitsAlone || !write.groupable());
    }

    /** Runs the group in one transaction; false if a statement failed and nothing was kept. */
    private boolean commitTogether(List<GroupedWrite<?>> group, List<Runnable> answers) {
        lane.beginWriting();
        lease.lockedHere();
        for (Iterator<GroupedWrite<?>> all = group.iterator(); all.hasNext(); ) {
            GroupedWrite<?> write = all.next();
            if (write.tooLate()) {
                all.remove();
                continue;
            }
            try {
                write.run(lane);
            } catch (RuntimeException e) {
                if ((group.size() == 1 && !write.divisible()) || EngineTraits.breaksHandle(e)) {
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

    /**
     * Runs the group in one transaction with a savepoint around each statement. One that takes the transaction with it, as an
     * interrupted one does, fails alone, too: the others begin anew without it.
     */
    private void commitApart(List<GroupedWrite<?>> group, List<Runnable> answers) {
        List<GroupedWrite<?>> succeeded = new ArrayList<>(group.size());
        List<Runnable> failures = new ArrayList<>();
        GroupedWrite<?> fatal;
        do {
            succeeded.clear();
            failures.clear();
            lane.beginWriting();
            fatal = runApart(group, succeeded, failures);
            if (fatal != null) {
                lane.rollback();
                group.remove(fatal);
                counters.started(fatal);
                counters.failed(1);
                answers.add(failures.get(failures.size() - 1));
            }
        } while (fatal != null);
        lane.commit();
        committed(succeeded, answers);
        counters.failed(failures.size());
        answers.addAll(failures);
    }

    /** Runs the statements until one ends the transaction, which is returned; null if none does. */
    private @Nullable GroupedWrite<?> runApart(
            List<GroupedWrite<?>> group, List<GroupedWrite<?>> succeeded, List<Runnable> failures) {
        for (Iterator<GroupedWrite<?>> all = group.iterator(); all.hasNext(); ) {
            GroupedWrite<?> write = all.next();
            if (write.tooLate()) {
                all.remove();
                continue;
            }
            Throwable error = attempt(write);
            if (error == null) {
                succeeded.add(write);
            } else {
                failures.add(() -> write.fail(error));
                if (!lane.call(NativeDatabase::inTransaction)) {
                    return write;
                }
            }
        }
        return null;
    }

    /** Runs the commands of a write up to the first that fails; returns the error if it leaves nothing to keep. */
    private @Nullable Throwable attempt(GroupedWrite<?> write) {
        write.begin();
        Throwable error = null;
        while (error == null && write.hasNext()) {
            Savepoint.set(lane);
            error = attemptNext(write);
            if (error != null && !lane.call(NativeDatabase::inTransaction)) {
                write.begin();
                break;
            }
            if (error != null) {
                Savepoint.undo(lane);
            } else {
                Savepoint.release(lane);
            }
        }
        return write.began() ? null : error;
    }

    private @Nullable Throwable attemptNext(GroupedWrite<?> write) {
        try {
            write.runNext(lane);
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
}
