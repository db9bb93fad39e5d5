package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.meter.WriteCounters;
import com.decentdb.r2dbc.transport.Errors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

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
    private final GroupRun run;
    private final WaitQueue<GroupedWrite<?>> waiting;
    private final WriteCounters counters;
    private final int capacity;
    private final AtomicBoolean claimed = new AtomicBoolean();
    private final WriteLease.Claimant claim;
    private final AtomicBoolean claimsLater = new AtomicBoolean();
    private final Task later = Task.of(this::claimNow);
    private final Task next = Task.of(this::tryAgain);
    /** Whether the claim was granted; guarded by it. */
    private boolean granted;

    private volatile boolean waitsForLock;
    /** Whether a group is being written, which those that come now wait for. */
    private volatile boolean running;

    /**
     * A committer at rest.
     *
     * @param commitsAlone whether the engine commits a single write safely without a transaction of the driver's
     * @param capacity how many writes may wait
     * @param counters counts its work, and perhaps that of others under the same write lock
     */
    public GroupCommitter(
            Terms terms,
            Lane lane,
            WriteLease lease,
            boolean commitsAlone,
            int capacity,
            WriteCounters counters,
            Runnable afterCommit) {
        this.terms = terms;
        this.lane = lane;
        this.lease = lease;
        this.commitsAlone = commitsAlone;
        this.capacity = capacity;
        this.counters = counters;
        this.run = new GroupRun(lane, lease, counters, afterCommit);
        this.waiting = new WaitQueue<>(capacity, () -> terms == Terms.QUEUE || waitsForLock || running);
        this.claim = WriteLease.claim(terms.purpose, this::granted, this::round);
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
                                    write.sql().source()));
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

    /** Counts its work so far. */
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

    /** Claims the write lock unless that was done. If there is no memory for the claim, it is made later for those that wait. */
    private void claim() {
        if (!claimed.compareAndSet(false, true)) {
            return;
        }
        boolean queued = false;
        try {
            synchronized (claim) {
                granted = false;
            }
            lease.acquire(claim);
            queued = true;
        } finally {
            if (!queued) {
                claimed.set(false);
                claimLater();
            }
        }
        synchronized (claim) {
            waitsForLock = !granted;
        }
        if (waitsForLock) {
            waiting.sweep();
        }
    }

    private void claimLater() {
        if (claimsLater.compareAndSet(false, true)) {
            DriverThreads.workers().execute(later);
        }
    }

    private void claimNow() {
        Persistent.pause();
        claimsLater.set(false);
        if (waiting.hasWaiter()) {
            claim();
        }
    }

    private void granted(Runnable round) {
        synchronized (claim) {
            granted = true;
            waitsForLock = false;
        }
        lane.execute(round);
    }

    /** Runs the writes that wait now, then gives the write lock on; in a task of the lane. */
    private void round() {
        List<GroupedWrite<?>> batch = List.of();
        int done = 0;
        boolean lockedElsewhere = false;
        try {
            batch = waiting.poll(MAX_GROUP);
            running = true;
            if (!waiting.isEmpty()) {
                waiting.sweep();
            }
            while (done < batch.size() && !lockedElsewhere) {
                int end = done;
                while (end < batch.size() && batch.get(end).groupable()) {
                    end++;
                }
                end = Math.max(end, done + 1);
                if (commit(batch.subList(done, end))) {
                    done = end;
                } else {
                    putBack(batch.subList(done, batch.size()));
                    lockedElsewhere = true;
                }
            }
        } catch (Throwable e) {
            fail(batch, done, e);
            done = batch.size();
        } finally {
            running = false;
            if (lockedElsewhere) {
                lease.retry(lane, next);
            } else {
                waitsForLock = false;
                handOn();
            }
            for (int i = 0; i < done; i++) {
                batch.get(i).respond();
            }
        }
    }

    private static void fail(List<GroupedWrite<?>> writes, int from, Throwable error) {
        for (int i = from; i < writes.size(); i++) {
            writes.get(i).failed(error);
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
                lease.retry(lane, next);
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
        try {
            if (!waiting.isEmpty()) {
                claim();
            }
        } catch (Throwable e) {
            // The claim follows.
            return;
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
        for (int i = 0; failure != null && i < writes.size(); i++) {
            writes.get(i).fail(failure);
        }
    }

    /** Runs and commits writes; false if another process has the lock of the file, and nothing was done. */
    private boolean commit(List<GroupedWrite<?>> group) {
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
                run.committed(started);
            } else if (!run.together(started)) {
                run.apart(started);
            }
        } catch (Throwable e) {
            if (lane.lockedElsewhere(e)) {
                lane.rollback();
                return false;
            }
            counters.failed(started.size());
            fail(started, 0, e);
            lane.rollback();
        }
        lease.lockedHere();
        for (int i = 0; i < started.size(); i++) {
            counters.started(started.get(i).waitedNanos());
        }
        return true;
    }

    private boolean commitsAlone(GroupedWrite<?> write) {
        return write.plain() && (commitsAlone || !write.groupable());
    }
}
