package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.r2dbc.delivery.WaitQueue;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Gives lanes to readers, which need no write lock. Thread-safe. */
public interface ReadLanes {

    /** A request for a lane. */
    interface Reader extends WaitQueue.Waiter {

        /** Runs in a task of the lane; must call {@link ReadLanes#release} of its giver exactly once. */
        void run(Lane lane, ReadLanes giver);

        /** No lane will be given; called instead of {@link #run}. */
        void refused(R2dbcException error);
    }

    void submit(Reader reader);

    /** Forgets a request that was given up. */
    void withdraw(Reader reader);

    /** The lane is kept by a result or a transaction whose user may take any time; in a task of it. */
    void rest(Lane lane);

    /** Takes a lane back; in a task of it. */
    void release(Lane lane);

    /** How many results not read to their end one connection may keep, so that others find a lane. */
    int share();

    /** Ends what runs for this owner; any thread, does not wait. */
    void end(Interrupts.Owner owner);

    /** The error of a request that waited too long. */
    R2dbcException timeout(String who, Duration lockWait, @Nullable String sql);
}
