package com.decentdb.r2dbc.cluster.meter;

import com.decentdb.r2dbc.cluster.meter.ClusterMeters.Role;
import java.util.List;

/**
 * The numbers of one factory at one moment.
 *
 * @param pendingWrites writes outside transactions that wait to be started
 */
public record Census(int sessions, int pendingWrites, List<Channel> channels) {

    public static final Census EMPTY = new Census(0, 0, List.of());

    /** An open channel. */
    public record Channel(Role role, boolean busy) {}

    int channels(Role role, boolean busy) {
        Channel wanted = new Channel(role, busy);
        return (int) channels.stream().filter(wanted::equals).count();
    }
}
