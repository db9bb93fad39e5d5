package com.decentdb.r2dbc.cluster.channel;

import org.jspecify.annotations.Nullable;

/**
 * The end of a channel, or why there is none.
 *
 * @param kind what happened
 * @param message the same for users, who know the address from the context
 */
public record ChannelLost(
        Kind kind, String message, @Nullable Throwable cause) {

    /** The ways in which a channel is lost. */
    public enum Kind {
        /** It could not be opened. */
        NOT_OPENED,
        /** The connection broke, or the node closed it. */
        CLOSED,
        /** The node did not answer in time. */
        TIMED_OUT,
        /** The peer is no dqlite node, or it broke the protocol. */
        PROTOCOL,
        /** An answer was larger than maxFrameSize. */
        TOO_LARGE,
        /** The driver closed it. */
        GIVEN_UP
    }

    static ChannelLost of(Kind kind, String message) {
        return new ChannelLost(kind, message, null);
    }
}
