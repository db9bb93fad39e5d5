package com.decentdb.r2dbc.runtime;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How to open a database with the embedded engine.
 *
 * @param path the database file, null for a database in memory
 * @param name the name of a database in memory, or the path as the user wrote it
 * @param nativeLibrary the library to load, null to look for it
 * @param mode whether the file may or must exist
 * @param engineOptions options for the engine as {@code key=value;..}
 * @param maxReaders how many lanes may read at once
 * @param queueThreads how many threads feed the engine's write queue
 * @param queueCapacity how many queued writes may wait
 * @param maxPendingWrites how many other writes may wait
 * @param statementCacheSize how many prepared statements a lane keeps
 * @param linger how long a database stays open after its last connection
 * @param checkpointIdle how long after the last write the log is moved into the database file
 */
public record DatabaseConfig(
        @Nullable Path path,
        String name,
        @Nullable Path nativeLibrary,
        Mode mode,
        String engineOptions,
        int maxReaders,
        int queueThreads,
        int queueCapacity,
        int maxPendingWrites,
        int statementCacheSize,
        Duration linger,
        Duration checkpointIdle) {

    /** What may be at the path. */
    public enum Mode {
        /** Nothing: the database is created. */
        CREATE,
        /** A database. */
        OPEN,
        /** Either. */
        OPEN_OR_CREATE
    }

    /** Whether the database lives in memory. */
    public boolean inMemory() {
        return path == null;
    }

    /** The database alone: the engine's options may hold a key. */
    @Override
    public String toString() {
        return "DatabaseConfig[" + name + "]";
    }

    /** Whether two configurations may share one open database. */
    boolean compatible(DatabaseConfig other) {
        return engineOptions.equals(other.engineOptions);
    }
}
