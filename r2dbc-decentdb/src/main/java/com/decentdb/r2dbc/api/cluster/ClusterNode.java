package com.decentdb.r2dbc.api.cluster;

/**
 * A node of a cluster.
 *
 * @param id an unsigned number, see {@link Long#toUnsignedString(long)}; 0 if it is not known yet
 * @param address host and port, as the node advertises them
 * @param role what it does in the cluster
 */
public record ClusterNode(long id, String address, NodeRole role) {

    /**
     * Creates a node.
     *
     * @throws IllegalArgumentException if the address is blank or has a control character in it
     */
    public ClusterNode {
        if (address.isBlank() || address.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("The address of a node is host:port, not '" + address + "'");
        }
    }

    @Override
    public String toString() {
        return "node " + Long.toUnsignedString(id) + " at " + address + " (" + role + ")";
    }
}
