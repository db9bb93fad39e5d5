package com.decentdb.r2dbc.transport;

/**
 * The points in which the sessions of different transports and engines behave differently.
 *
 * @param rowChangesComplete whether an event says so when it leaves changed rows out
 * @param watchesRanges whether a watch on a range of keys reports every change of that range
 * @param stopsStatements whether a statement that runs ends when its subscriber cancels
 */
public record Capabilities(boolean rowChangesComplete, boolean watchesRanges, boolean stopsStatements) {}
