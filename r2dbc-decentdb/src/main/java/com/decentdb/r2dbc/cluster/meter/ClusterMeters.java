package com.decentdb.r2dbc.cluster.meter;

import java.util.function.Supplier;

/** Takes what happens on one database of a cluster; by default it takes no notice. Any thread. */
public interface ClusterMeters {

    /** The purpose of a request. */
    enum Kind {
        READ,
        WRITE,
        /** The begin or the end of a transaction or of a group of writes. */
        CONTROL
    }

    /** The end of a request. */
    enum Outcome {
        OK,
        ERROR,
        /** Whether it was executed is unknown. */
        UNKNOWN,
        /** The node executed nothing, since it does not lead: another one is asked. */
        REROUTED
    }

    /** The use of a channel. */
    enum Role {
        READER,
        WRITER,
        PINNED,
        POLL
    }

    /** For where there is no Micrometer. */
    ClusterMeters NONE = new ClusterMeters() {};

    /** Meters of the database of this name, which may have several factories; to be closed by each. */
    static ClusterMeters of(String database) {
        try {
            return MicrometerMeters.open(database);
        } catch (LinkageError e) {
            return NONE;
        } catch (RuntimeException e) {
            ClusterLog.warn("There are no meters of the database '{}': {}", database, e.toString());
            return NONE;
        }
    }

    /** A search for the leader ended. */
    default void searched(long nanos, boolean found) {}

    default void requested(Kind kind, Outcome outcome, long nanos) {}

    /** A write or a transaction got the right to write. */
    default void waitedForLock(long nanos) {}

    /** So many writes shared a commit. */
    default void committed(int writes) {}

    /** Another node leads than before. */
    default void leaderChanged() {}

    /** Shows what there is from now on; asked by any thread. Returns what ends that. */
    default Runnable show(Supplier<Census> counted) {
        return () -> {};
    }

    /** Whether anybody looks at what is shown. */
    default boolean shows() {
        return false;
    }

    default void close() {}
}
