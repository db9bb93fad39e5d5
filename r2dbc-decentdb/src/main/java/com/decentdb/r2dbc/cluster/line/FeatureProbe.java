package com.decentdb.r2dbc.cluster.line;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Finds out what a leader understands by questions that harm no version. Confined to the loop. */
final class FeatureProbe {

    private static final int NOT_AUTHORIZED = 23;

    private final NodeChannel channel;
    private final Duration timeout;
    private final BiConsumer<@Nullable ServerFeatures, @Nullable String> whenDone;

    private FeatureProbe(
            NodeChannel channel, Duration timeout, BiConsumer<@Nullable ServerFeatures, @Nullable String> whenDone) {
        this.channel = channel;
        this.timeout = timeout;
        this.whenDone = whenDone;
    }

    /**
     * Asks.
     *
     * @param whenDone takes the features, or why they are unknown
     */
    static void start(
            NodeChannel channel, Duration timeout, BiConsumer<@Nullable ServerFeatures, @Nullable String> whenDone) {
        new FeatureProbe(channel, timeout, whenDone).schema();
    }

    /** A server answers a request of a schema that it does not know as if it were of the first one. */
    private void schema() {
        ask(Requests.prepare("SELECT 1", 1), reply -> {
            if (reply instanceof Reply.Prepared prepared) {
                ask(Requests.finalizeStatement(prepared.id()), done -> authorizer(prepared.schema() == 1));
            } else {
                unexpected(reply);
            }
        });
    }

    /** The versions that refuse this question are those that execute RETURNING. */
    private void authorizer(boolean manyParameters) {
        ask(Requests.querySql("PRAGMA read_uncommitted", Tuple.NONE), reply -> {
            if (reply instanceof Reply.Failure failure && failure.code() == NOT_AUTHORIZED) {
                sqlite(ServerFeatures.probed(manyParameters, true));
            } else if (reply instanceof Reply.Rows) {
                sqlite(ServerFeatures.probed(manyParameters, false));
            } else {
                unexpected(reply);
            }
        });
    }

    private void sqlite(ServerFeatures features) {
        ask(Requests.querySql("SELECT sqlite_version()", Tuple.NONE), reply -> {
            if (reply instanceof Reply.Rows rows && rows.frame().rows() == 1) {
                whenDone.accept(features.withSqlite(rows.frame().text(0, 0)), null);
            } else {
                unexpected(reply);
            }
        });
    }

    private void unexpected(Reply reply) {
        whenDone.accept(null, reply instanceof Reply.Failure failure ? failure.message() : "it answered out of order");
    }

    private void ask(byte[] request, Consumer<Reply> next) {
        channel.ask(request, timeout.toNanos(), new NodeChannel.Answer() {
            @Override
            public void reply(Reply reply) {
                next.accept(reply);
            }

            @Override
            public void lost(ChannelLost why) {
                whenDone.accept(null, why.message());
            }
        });
    }
}
