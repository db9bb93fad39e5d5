package com.decentdb.r2dbc.cluster.channel;

import com.decentdb.r2dbc.cluster.wire.WireException;
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
        GIVEN_UP,
        /** The driver itself failed while it dealt with an answer, for want of memory as a rule. */
        FAILED
    }

    /** The driver failed; a peer that breaks the protocol may be found out late, by what reads the values of its answer. */
    public static ChannelLost failed(Throwable error) {
        return error instanceof WireException
                ? new ChannelLost(Kind.PROTOCOL, String.valueOf(error.getMessage()), error)
                : new ChannelLost(Kind.FAILED, "the driver failed: " + error, error);
    }

    static ChannelLost of(Kind kind, String message) {
        return new ChannelLost(kind, message, null);
    }
}
