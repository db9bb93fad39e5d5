package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.embedded.meter.Census;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The lanes all connections read on, opened when needed. A lane serves one request at a time, from the first row until the
 * result or the read-only transaction ends. At most {@code max} run statements; lanes that a slow subscriber keeps do not count,
 * up to a bound on all of them, so that no subscriber waits for the mapping function of another.
 */
public final class SharedReadLanes implements ReadLanes {

    private static final Logger LOG = Loggers.getLogger(SharedReadLanes.class);

    /** Engines limit the readers of a database, over all processes, to 64. */
    private static final int MAX_LANES = 32;

    /** Opens the handle of a lane, where that is not to happen at any time, and lets a reader run on it then. */
    public interface Opening {

        /** Any thread, and must neither wait nor throw. Refuses the reader, and gives the lane back, if it comes to nothing. */
        void open(Lane lane, Reader reader, ReadLanes giver);
    }

    // They have room for all lanes from the beginning, so that none is lost for want of memory.
    private final Deque<Lane> idle;
    private final List<Lane> lanes;
    private int resting;
    private final WaitQueue<Reader> waiting = new WaitQueue<>(Integer.MAX_VALUE);
    private final Supplier<Lane> factory;
    private final int max;
    private final @Nullable Opening opening;
    private int unopened;
    private @Nullable Runnable whenOpen;
    private int closing;
    private @Nullable Runnable whenClosed;
    private final Runnable laneClosed = this::laneClosed;

    /**
     * Lanes to be opened.
     *
     * @param opening opens their handles; null if the first use may do that
     */
    public SharedReadLanes(int max, Supplier<Lane> factory, @Nullable Opening opening) {
        this.max = max;
        this.factory = factory;
        this.opening = opening;
        this.idle = new ArrayDeque<>(maxLanes());
        this.lanes = new ArrayList<>(maxLanes());
    }

    /** Opens the handles of all lanes that run statements at once, before anything else uses these; as far as there is memory. */
    public void openAll(Runnable whenAllOpen) {
        synchronized (this) {
            unopened = max + 1;
            whenOpen = whenAllOpen;
        }
        int begun = 0;
        try {
            while (begun < max) {
                openOne();
                begun++;
            }
        } catch (Throwable e) {
            LOG.debug("Fewer handles that read were opened", e);
        } finally {
            opened(max + 1 - begun);
        }
    }

    private void openOne() {
        Lane lane;
        synchronized (this) {
            lane = create();
        }
        boolean begun = false;
        try {
            lane.execute(() -> {
                try {
                    lane.database();
                } catch (Throwable e) {
                    // Its first use meets the same, and reports it.
                } finally {
                    idle(lane);
                    opened(1);
                }
            });
            begun = true;
        } finally {
            if (!begun) {
                idle(lane);
            }
        }
    }

    private synchronized void idle(Lane lane) {
        idle.addLast(lane);
    }

    private void opened(int count) {
        Runnable done = null;
        synchronized (this) {
            unopened -= count;
            if (unopened == 0) {
                done = whenOpen;
                whenOpen = null;
            }
        }
        if (done != null) {
            done.run();
        }
    }

    @Override
    public void submit(Reader reader) {
        Lane lane;
        synchronized (this) {
            lane = take();
            if (lane == null && waiting.add(reader)) {
                return;
            }
        }
        if (lane == null) {
            reader.refused(Errors.closed());
        } else {
            serve(lane, reader);
        }
    }

    @Override
    public void withdraw(Reader reader) {
        waiting.remove(reader);
    }

    @Override
    public void rest(Lane lane) {
        Reader next;
        Lane another;
        synchronized (this) {
            setResting(lane, true);
            another = takeForNext();
            next = another == null ? null : waiting.poll();
            if (another != null && next == null) {
                idle.addFirst(another);
            }
        }
        if (another != null && next != null) {
            serve(another, next);
        }
    }

    @Override
    public void release(Lane lane) {
        Reader next;
        synchronized (this) {
            setResting(lane, false);
            if (waiting.closed()) {
                return;
            }
            next = waiting.poll();
            if (next == null && idle.size() < max) {
                idle.addFirst(lane);
                return;
            }
            if (next == null) {
                lanes.remove(lane);
                closing++;
            }
        }
        if (next == null) {
            lane.close(laneClosed);
        } else {
            serve(lane, next);
        }
    }

    private void setResting(Lane lane, boolean rests) {
        if (lane.resting != rests) {
            lane.resting = rests;
            resting += rests ? 1 : -1;
        }
    }

    @Override
    public void end(Interrupts.Owner owner) {
        all().forEach(lane -> lane.interrupts().end(owner));
    }

    /** Ends all that runs; any thread, does not wait. */
    public void endAll() {
        all().forEach(lane -> lane.interrupts().endAny());
    }

    /** Whether a lane runs what shall end and does not. */
    public boolean stuck() {
        return all().stream().anyMatch(lane -> lane.interrupts().pending());
    }

    private synchronized List<Lane> all() {
        return List.copyOf(lanes);
    }

    @Override
    public R2dbcException timeout(String who, Duration lockWait, @Nullable String sql) {
        return Errors.of(
                "55P03",
                who + " waited " + lockWait.toMillis()
                        + " ms for a read lane; it was not started. All lanes there may"
                        + " be are kept by statements that run, results not read to their end, or read-only transactions:"
                        + " consume, cancel or end those, or raise maxReaders, which is " + max,
                sql);
    }

    @Override
    public int share() {
        return maxLanes() / 2;
    }

    private int maxLanes() {
        return Math.max(max, MAX_LANES);
    }

    /** How many lanes are in use. */
    public synchronized int busy() {
        return lanes.size() - idle.size();
    }

    /** The lanes at this moment, and those of connections that have one alone. */
    public synchronized Census.Lanes census(int pinned) {
        return new Census.Lanes(busy(), idle.size(), waiting.size(), pinned);
    }

    /** Fails the waiting requests and closes the lanes behind the accepted ones; runs the callback when none is left. */
    public void close(Runnable whenAllClosed) {
        R2dbcException refusal = Errors.closed();
        List<Reader> refused = waiting.close();
        // From here on nothing takes memory, and no lane is added or removed.
        synchronized (this) {
            closing += lanes.size();
            whenClosed = whenAllClosed;
        }
        for (int i = 0; i < refused.size(); i++) {
            refused.get(i).refused(refusal);
        }
        for (int i = 0; i < lanes.size(); i++) {
            lanes.get(i).close(laneClosed);
        }
        closed(0);
    }

    private void laneClosed() {
        closed(1);
    }

    private void closed(int lanesClosed) {
        Runnable done = null;
        synchronized (this) {
            closing -= lanesClosed;
            if (closing == 0) {
                done = whenClosed;
                whenClosed = null;
            }
        }
        if (done != null) {
            done.run();
        }
    }

    private void serve(Lane lane, Reader reader) {
        if (opening == null || lane.isOpen()) {
            lane.serve(reader, this);
        } else {
            opening.open(lane, reader, this);
        }
    }

    /** A lane for a reader that waits; without memory for another one it waits on. */
    private @Nullable Lane takeForNext() {
        try {
            return waiting.isEmpty() ? null : take();
        } catch (Throwable e) {
            return null;
        }
    }

    private @Nullable Lane take() {
        if (waiting.closed()) {
            return null;
        }
        Lane lane = idle.pollFirst();
        boolean room = lanes.size() - resting < max && lanes.size() < maxLanes();
        if (lane == null && room) {
            lane = create();
        }
        return lane;
    }

    private Lane create() {
        Lane created = factory.get();
        // One that the engine keeps busy in vain counts no more than one that a slow subscriber keeps.
        created.interrupts().whenEndless(() -> rest(created));
        lanes.add(created);
        return created;
    }
}
