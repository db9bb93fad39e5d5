package com.decentdb.r2dbc.embedded.write;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.Savepoint;
import com.decentdb.r2dbc.embedded.meter.WriteCounters;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs a group of writes with one commit, in a task of the lane. */
final class GroupRun {

    private final Lane lane;
    private final WriteLease lease;
    private final WriteCounters counters;
    private final Runnable afterCommit;

    /**
     * Groups on a lane.
     *
     * @param afterCommit runs after each commit; must not throw
     */
    GroupRun(Lane lane, WriteLease lease, WriteCounters counters, Runnable afterCommit) {
        this.lane = lane;
        this.lease = lease;
        this.counters = counters;
        this.afterCommit = afterCommit;
    }

    /** Runs the group in one transaction; false if a statement failed and nothing was kept. */
    boolean together(List<GroupedWrite<?>> group) {
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
            } catch (Throwable e) {
                if ((group.size() == 1 && !write.divisible()) || EngineTraits.breaksHandle(e)) {
                    throw e;
                }
                lane.rollback();
                return false;
            }
        }
        lane.commit();
        committed(group);
        return true;
    }

    /**
     * Runs the group in one transaction with a savepoint around each statement. One that takes the transaction with it, as an
     * interrupted one does, fails alone, too: the others begin anew without it.
     */
    void apart(List<GroupedWrite<?>> group) {
        List<GroupedWrite<?>> succeeded = new ArrayList<>(group.size());
        List<GroupedWrite<?>> failed = new ArrayList<>(group.size());
        List<Throwable> failures = new ArrayList<>(group.size());
        GroupedWrite<?> fatal;
        do {
            succeeded.clear();
            failed.clear();
            failures.clear();
            lane.beginWriting();
            fatal = runApart(group, succeeded, failed, failures);
            if (fatal != null) {
                lane.rollback();
                group.remove(fatal);
                counters.started(fatal.waitedNanos());
                counters.failed(1);
                fatal.failed(failures.get(failures.size() - 1));
            }
        } while (fatal != null);
        lane.commit();
        committed(succeeded);
        counters.failed(failures.size());
        for (int i = 0; i < failed.size(); i++) {
            failed.get(i).failed(failures.get(i));
        }
    }

    /** Runs the statements until one ends the transaction, which is returned; null if none does. */
    private @Nullable GroupedWrite<?> runApart(
            List<GroupedWrite<?>> group,
            List<GroupedWrite<?>> succeeded,
            List<GroupedWrite<?>> failed,
            List<Throwable> failures) {
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
                failed.add(write);
                failures.add(error);
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
        } catch (Throwable e) {
            if (EngineTraits.breaksHandle(e)) {
                throw e;
            }
            return e;
        }
    }

    /** The writes are durable; needs no memory to note it. */
    void committed(List<GroupedWrite<?>> writes) {
        for (int i = 0; i < writes.size(); i++) {
            writes.get(i).committed();
        }
        counters.committed(writes.size());
        afterCommit.run();
    }
}
