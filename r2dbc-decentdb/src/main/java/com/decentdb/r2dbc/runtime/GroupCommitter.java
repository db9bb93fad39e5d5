package com.decentdb.r2dbc.runtime;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Runs statements outside transactions on the writer lane: all that wait form a group with one commit, and nobody hears
 * of success before it. A statement that fails takes nobody with it: the group is rolled back and replayed with a
 * savepoint around each.
 */
final class GroupCommitter {

    private static final int MAX_GROUP = 256;
    private static final String SAVEPOINT = "decentdb_group";

    private final Lane lane;
    private final WriteLease lease;
    private final Runnable afterCommit;
    private final WaitQueue<Write> waiting;
    private final int capacity;
    private final AtomicBoolean claimed = new AtomicBoolean();
    private volatile boolean waitsForLease;

    GroupCommitter(Lane lane, WriteLease lease, int capacity, Runnable afterCommit) {
        this.lane = lane;
        this.lease = lease;
        this.capacity = capacity;
        this.afterCommit = afterCommit;
        // Only waiting for others counts; who finds the lease free need not fear to be slower than a timer.
        this.waiting = new WaitQueue<>(capacity, () -> waitsForLease);
    }

    void submit(Write write, Exchange<?> exchange) {
        if (!waiting.offer(write)) {
            write.fail(Errors.of(
                    "53000",
                    "The write was refused and not started: " + capacity + " writes wait already. Write slower, or"
                            + " raise maxPendingWrites",
                    write.sql()));
            return;
        }
        exchange.onCancel(() -> waiting.remove(write));
        claim();
    }

    void close(Throwable reason) {
        waiting.drain().forEach(write -> write.fail(reason));
    }

    private void claim() {
        if (claimed.compareAndSet(false, true)) {
            AtomicBoolean granted = new AtomicBoolean();
            lease.acquire(WriteLease.claim("the writes outside transactions", () -> {
                synchronized (granted) {
                    granted.set(true);
                    waitsForLease = false;
                }
                lane.execute(this::round);
            }));
            synchronized (granted) {
                if (!granted.get()) {
                    waitsForLease = true;
                }
            }
            if (waitsForLease) {
                waiting.sweep();
            }
        }
    }

    /** Runs what waits now, then lets other claimants of the lease have their turn; on the lane's thread. */
    private void round() {
        try {
            List<Write> batch = waiting.poll(MAX_GROUP);
            int i = 0;
            while (i < batch.size()) {
                List<Write> group = new ArrayList<>();
                while (i < batch.size() && batch.get(i).groupable()) {
                    group.add(batch.get(i++));
                }
                commit(group);
                if (i < batch.size()) {
                    commit(List.of(batch.get(i++)));
                }
            }
        } finally {
            // In this order, or who submits in between would wait for the lease that this round still holds.
            lease.release();
            claimed.set(false);
            if (!waiting.isEmpty()) {
                claim();
            }
        }
    }

    private void commit(List<Write> group) {
        List<Write> started = new ArrayList<>(group.size());
        for (Write write : group) {
            if (write.start()) {
                started.add(write);
            }
        }
        if (started.isEmpty()) {
            return;
        }
        try {
            if (started.size() == 1 && !started.get(0).compound()) {
                started.get(0).run(lane);
                acknowledge(started);
            } else if (!commitTogether(started)) {
                commitApart(started);
            }
        } catch (Throwable e) {
            started.forEach(write -> write.fail(e));
            rollbackIfOpen();
        }
    }

    /** Runs the group in one transaction; false if a statement failed and nothing was kept. */
    private boolean commitTogether(List<Write> group) {
        NativeDatabase database = lane.database();
        database.begin();
        for (Write write : group) {
            try {
                write.run(lane);
            } catch (RuntimeException e) {
                if (group.size() == 1 || Errors.breaksHandle(e)) {
                    throw e;
                }
                database.rollback();
                return false;
            }
        }
        database.commit();
        acknowledge(group);
        return true;
    }

    /** Runs the group in one transaction with a savepoint around each statement. */
    private void commitApart(List<Write> group) {
        NativeDatabase database = lane.database();
        database.begin();
        List<Write> succeeded = new ArrayList<>(group.size());
        List<Runnable> failures = new ArrayList<>();
        for (Write write : group) {
            control(database, "SAVEPOINT " + SAVEPOINT);
            Throwable error = attempt(write);
            if (error == null) {
                succeeded.add(write);
            } else {
                control(database, "ROLLBACK TO SAVEPOINT " + SAVEPOINT);
                failures.add(() -> write.fail(error));
            }
            control(database, "RELEASE SAVEPOINT " + SAVEPOINT);
        }
        database.commit();
        acknowledge(succeeded);
        failures.forEach(Runnable::run);
    }

    private @Nullable Throwable attempt(Write write) {
        try {
            write.run(lane);
            return null;
        } catch (RuntimeException e) {
            if (Errors.breaksHandle(e)) {
                throw e;
            }
            return e;
        }
    }

    private void acknowledge(List<Write> writes) {
        afterCommit.run();
        writes.forEach(Write::acknowledge);
    }

    private void rollbackIfOpen() {
        try {
            NativeDatabase database = lane.database();
            if (database.inTransaction()) {
                database.rollback();
            }
        } catch (RuntimeException e) {
            lane.discardHandle();
        }
    }

    private static void control(NativeDatabase database, String sql) {
        database.execute(sql, Parameters.of(0)).close();
    }
}
