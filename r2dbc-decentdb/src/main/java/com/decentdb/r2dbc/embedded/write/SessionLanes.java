package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.embedded.lane.Interrupts;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import org.jspecify.annotations.Nullable;

/**
 * The lanes on which the statements of a session run: those that all sessions share, or its pinned lane.
 *
 * @param writer runs everything that holds the write lock
 * @param readers give lanes to everything that needs no write lock; null if all of it runs on the writer lane
 * @param committer commits statements outside transactions on the writer lane
 */
public record SessionLanes(Lane writer, @Nullable ReadLanes readers, GroupCommitter committer) {

    /** Ends what runs on them for this owner; any thread, does not wait. */
    public void end(Interrupts.Owner owner) {
        writer.interrupts().end(owner);
        if (readers != null) {
            readers.end(owner);
        }
    }
}
