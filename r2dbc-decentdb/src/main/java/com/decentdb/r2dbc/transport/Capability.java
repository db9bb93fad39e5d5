package com.decentdb.r2dbc.transport;

/** A point in which the sessions of different transports and engines behave differently. */
public enum Capability {

    /** An event says so when it leaves changed rows out. */
    COUNTS_ROWS,

    /** A watch on a range of keys reports every change of that range. */
    WATCHES_RANGES,

    /** A statement that runs ends when its subscriber cancels. */
    STOPS_STATEMENTS,

    /** A watch reports nothing but commits that touched what is watched. */
    NAMES_TABLES,

    /** A change stream can begin behind an event of an earlier one. */
    KEEPS_CHANGES
}
