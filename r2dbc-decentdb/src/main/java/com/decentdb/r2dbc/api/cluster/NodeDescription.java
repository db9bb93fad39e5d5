package com.decentdb.r2dbc.api.cluster;

/**
 * How a node is rated when roles are given out. dqlite itself does not use the numbers, those who manage a cluster do.
 *
 * @param failureDomain an unsigned number; nodes of the same one fail together
 * @param weight an unsigned number; lighter nodes are preferred
 */
public record NodeDescription(long failureDomain, long weight) {}
