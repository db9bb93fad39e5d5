package com.decentdb.r2dbc.api.cluster;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Another node leads than before.
 *
 * @param epoch the number of the leader, counted from 1 by the observer and ascending
 * @param from the address of the leader before; null for the first one
 * @param to the address of the leader
 * @param leaderless how long the observer knew of none; zero for the first one
 */
public record LeaderChange(long epoch, @Nullable String from, String to, Duration leaderless) {}
