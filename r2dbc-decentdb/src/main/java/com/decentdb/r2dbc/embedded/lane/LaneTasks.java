package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.delivery.threads.SerialExecutor;
import com.decentdb.r2dbc.delivery.threads.Task;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/** The tasks of a lane, which run one at a time, each after what the earlier ones did, until the lane is closed. */
abstract class LaneTasks implements Executor {

    private static final Logger LOG = Loggers.getLogger(LaneTasks.class);

    private final SerialExecutor tasks = DriverThreads.newSerial();
    private final Task service = Task.of(this::serve);
    private final Task end = Task.of(this::end);
    private volatile ReadLanes.@Nullable Reader served;
    private volatile @Nullable ReadLanes servedBy;
    private volatile Runnable whenClosed = () -> {};
    private volatile boolean closed;

    /** Closes the handle if one is open; called again if there was no memory for it. */
    abstract void closeHandle();

    /**
     * Runs a task on the lane.
     *
     * @throws RejectedExecutionException if the lane was closed
     */
    @Override
    public final void execute(Runnable task) {
        refuseIfClosed();
        tasks.execute(task);
    }

    final void refuseIfClosed() {
        if (closed) {
            throw new RejectedExecutionException("The lane is closed");
        }
    }

    /** Closes the handle behind all tasks given so far and refuses those to come; to be called once. Needs no memory. */
    public final void close(Runnable whenGone) {
        whenClosed = whenGone;
        tasks.execute(end);
    }

    private void end() {
        closed = true;
        try {
            closeHandle();
        } catch (VirtualMachineError e) {
            Persistent.pause();
            tasks.execute(end);
            return;
        } catch (Throwable e) {
            LOG.warn("A handle was closed with an error", e);
        }
        whenClosed.run();
    }

    /** Gives the lane, which nobody else has, to a reader. Needs no memory. */
    final void serve(ReadLanes.Reader reader, ReadLanes giver) {
        served = reader;
        servedBy = giver;
        tasks.execute(service);
    }

    private void serve() {
        ReadLanes.Reader reader = served;
        ReadLanes giver = servedBy;
        served = null;
        if (reader != null && giver != null) {
            reader.run(lane(), giver);
        }
    }

    abstract Lane lane();
}
