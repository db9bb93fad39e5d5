package com.decentdb.r2dbc.api.cluster;

/** What a node does in its cluster; the numbers of the wire protocol are the ordinals. */
public enum NodeRole {
    /** Votes on leaders and commits, and may lead. */
    VOTER,
    /** Receives all data, and does not vote. */
    STANDBY,
    /** Receives no data. */
    SPARE
}
