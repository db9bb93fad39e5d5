package com.decentdb.r2dbc.runtime;

import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The lanes that read. Opened when needed up to a maximum; a lane serves one request at a time, from the first row until
 * the result or the read-only transaction ends. Thread-safe.
 */
final class ReaderLanes {

    /** A request for a lane. */
    interface Reader extends WaitQueue.Request {

        /** Runs on the lane's thread; must see to it that {@link ReaderLanes#release} follows exactly once. */
        void run(Lane lane);
    }

    private final Deque<Lane> idle = new ArrayDeque<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final WaitQueue<Reader> waiting = new WaitQueue<>(Integer.MAX_VALUE);
    private final IntFunction<Lane> factory;
    private final int max;

    ReaderLanes(int max, IntFunction<Lane> factory) {
        this.max = max;
        this.factory = factory;
    }

    void submit(Reader reader) {
        Lane lane = takeOrQueue(reader);
        if (lane != null) {
            lane.execute(() -> reader.run(lane));
        }
    }

    void withdraw(Reader reader) {
        waiting.remove(reader);
    }

    /** Takes a lane back. */
    void release(Lane lane) {
        Reader next;
        synchronized (this) {
            next = waiting.poll();
            if (next == null) {
                idle.addFirst(lane);
                return;
            }
        }
        Reader reader = next;
        lane.execute(() -> reader.run(lane));
    }

    /** What somebody is told who waited too long. */
    R2dbcException timeout(String who, Duration lockWait, @Nullable String sql) {
        return Errors.of(
                "55P03",
                who + " waited " + lockWait.toMillis() + " ms for one of " + max
                        + " reading lanes, which results not read to their end or read-only transactions hold; it was"
                        + " not started. Consume or cancel those, or raise maxReaders",
                sql);
    }

    /** How many lanes are in use. */
    synchronized int busy() {
        return lanes.size() - idle.size();
    }

    synchronized List<Lane> all() {
        return List.copyOf(lanes);
    }

    private synchronized @Nullable Lane takeOrQueue(Reader reader) {
        Lane lane = idle.pollFirst();
        if (lane == null && lanes.size() < max) {
            lane = factory.apply(lanes.size() + 1);
            lanes.add(lane);
        }
        if (lane == null) {
            waiting.add(reader);
        }
        return lane;
    }
}
