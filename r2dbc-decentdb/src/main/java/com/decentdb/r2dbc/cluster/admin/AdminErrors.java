package com.decentdb.r2dbc.cluster.admin;

import com.decentdb.r2dbc.api.OutcomeUnknownException;
import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.ChannelLost.Kind;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;

/** The errors of administration. */
final class AdminErrors {

    private AdminErrors() {}

    static R2dbcException closed() {
        return Errors.of("08003", "The administration of the cluster is closed", null);
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
