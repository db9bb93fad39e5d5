package com.decentdb.r2dbc.embedded.meter;

import com.decentdb.r2dbc.delivery.WriteLease;

/** The numbers of one database at one moment. */
public record Census(DatabaseCounters counters, WriteLease.Totals lock, Writes autoCommit, Writes queue, Lanes lanes) {

    /**
     * The writes of a group committer.
     *
     * @param waiting writes that wait to be started
     */
    public record Writes(int waiting, WriteCounters counters) {}

    /**
     * The native handles of connections.
     *
     * @param busy read lanes in use
     * @param idle read lanes that are open and not in use
     * @param waiting reads that wait for a lane
     * @param pinned lanes that one connection has alone
     */
    public record Lanes(int busy, int idle, int waiting, int pinned) {}
}
