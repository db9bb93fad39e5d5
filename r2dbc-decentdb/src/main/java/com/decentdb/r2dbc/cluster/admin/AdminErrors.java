package com.decentdb.r2dbc.cluster.admin;

import com.decentdb.r2dbc.api.OutcomeUnknownException;
import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.ChannelLost.Kind;
import com.decentdb.r2dbc.cluster.meter.ClusterLog;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.Locale;

/** The errors of administration. */
final class AdminErrors {

    private AdminErrors() {}

    static R2dbcException closed() {
        return Errors.of("08003", "The administration of the cluster is closed", null);
    }

    /** Something may have been changed. */
    static R2dbcException unknown(String call, String node, String why, int code, ChannelLost lost) {
        String it = node.substring(0, 1).toLowerCase(Locale.ROOT) + node.substring(1);
        ClusterLog.warn("Whether {} carried out {} is unknown: {}", it, call, why);
        return new OutcomeUnknownException(
                "Whether " + it + " carried out " + call + " is unknown: " + why
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
