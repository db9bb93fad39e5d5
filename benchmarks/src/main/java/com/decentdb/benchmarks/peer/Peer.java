package com.decentdb.benchmarks.peer;

import java.sql.SQLException;
import java.time.Duration;

/** A database and the way it is used. Every peer has its own files. */
public interface Peer extends AutoCloseable {

    /** Its driver and engine, with their versions. */
    String version();

    /** Whether it has the operation, and can be asked by so many callers at once. */
    boolean supports(Operation operation, int inFlight);

    /**
     * Runs an operation in a closed loop.
     *
     * @param operation one that it {@link #supports}
     * @param inFlight how many callers
     * @param time when callers stop to ask again; zero for one operation of each
     * @return latencies and counts
     */
    Sample run(Operation operation, int inFlight, Duration time) throws Exception;

    @Override
    void close() throws SQLException;
}
