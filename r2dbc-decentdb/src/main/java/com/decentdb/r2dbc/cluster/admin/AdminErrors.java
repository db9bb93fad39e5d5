package com.decentdb.r2dbc.cluster.admin;

import com.decentdb.r2dbc.api.OutcomeUnknownException;
import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.ChannelLost.Kind;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientResourceException;

/** The errors of administration. */
final class AdminErrors {

    private AdminErrors() {}

    static R2dbcException closed() {
        return Errors.of("08003", "The administration of the cluster is closed", null);
    }

    /** The node understood, and does not want to. */
    static R2dbcException refused(String call, String node, long code, String message) {
        return Errors.of("58000", node + " refused " + call + ": " + message, (int) code, null, null);
    }

    /** Nothing was changed. */
    static R2dbcException lost(String call, String node, ChannelLost why) {
        String message = "No answer of " + node + " to " + call + ": " + why.message();
        return switch (why.kind()) {
            case TIMED_OUT -> Errors.of("57014", message, 0, null, why.cause());
            case PROTOCOL, TOO_LARGE -> Errors.of("08P01", message, 0, null, why.cause());
            default -> new R2dbcTransientResourceException(message, "08006", 0, null, why.cause());
        };
    }

    /** Something may have been changed. */
    static R2dbcException unknown(String call, String node, String why, int code, ChannelLost lost) {
        return new OutcomeUnknownException(
                "Whether " + node + " carried out " + call + " is unknown: " + why
                        + ". Ask for the members before you repeat it",
                code,
                null,
                lost.cause());
    }

    /** For a code after which nobody knows. */
    static R2dbcException unknown(String call, String node, String why, int code) {
        return unknown(call, node, why, code, new ChannelLost(Kind.CLOSED, why, null));
    }
}
