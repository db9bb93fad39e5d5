package com.decentdb.r2dbc.api.cluster;

/** The part that a node has in its cluster. */
public enum NodeRole {
    /** Votes on leaders and commits, and may lead. */
    VOTER(0),
    /** Receives all data, and does not vote. */
    STANDBY(1),
    /** Receives no data. */
    SPARE(2);

    private final int number;

    NodeRole(int number) {
        this.number = number;
    }

    /**
     * The number of the role in dqlite's protocol and files.
     *
     * @return 0, 1 or 2
     */
    public int number() {
        return number;
    }

    /**
     * The role with a number.
     *
     * @param number that of dqlite's protocol and files
     * @return the role
     * @throws IllegalArgumentException if there is none with that number
     */
    public static NodeRole of(int number) {
        for (NodeRole role : values()) {
            if (role.number == number) {
                return role;
            }
        }
        throw new IllegalArgumentException("There is no role " + number + " of nodes; there are 0, 1 and 2");
    }
}
