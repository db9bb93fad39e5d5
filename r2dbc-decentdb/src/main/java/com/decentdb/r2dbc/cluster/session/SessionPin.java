package com.decentdb.r2dbc.cluster.session;

import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.database.ClusterDatabase;
import com.decentdb.r2dbc.cluster.database.PinnedLine;
import com.decentdb.r2dbc.cluster.transaction.ClusterTransaction;
import com.decentdb.r2dbc.transport.Errors;
import org.jspecify.annotations.Nullable;

/** Whether a session has a line of its own, for temporary objects and settings. Thread-safe. */
final class SessionPin {

    private final ClusterDatabase database;
    private volatile @Nullable PinnedLine line;

    SessionPin(ClusterDatabase database) {
        this.database = database;
    }

    /** The line; null if the session uses those that all share. */
    @Nullable
    PinnedLine line() {
        return line;
    }

    /**
     * Gives the session a line of its own, from its next statement on.
     *
     * @param current the open transaction, which moves to the line if nothing was executed in it
     */
    synchronized void set(String sql, @Nullable ClusterTransaction current) {
        if (line != null) {
            return;
        }
        if (current != null && current.started()) {
            throw Errors.of(
                    "25001",
                    "TEMP objects and settings take a connection of their own, but this transaction runs on a shared one; set"
                            + " them up before the first statement of the transaction",
                    sql);
        }
        PinnedLine own = new PinnedLine(database, this::forget);
        line = own;
        if (current != null) {
            current.pin(own);
        }
    }

    private synchronized void forget(PinnedLine over) {
        if (line == over) {
            line = null;
        }
    }

    /** Drops the line, and with it all that was set up. */
    synchronized void drop() {
        PinnedLine own = line;
        if (own != null) {
            EventLoops.giveUp(database.loop(), own::close);
        }
        line = null;
    }
}
