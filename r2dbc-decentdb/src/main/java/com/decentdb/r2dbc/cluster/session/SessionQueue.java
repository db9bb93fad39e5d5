package com.decentdb.r2dbc.cluster.session;

import com.decentdb.r2dbc.api.WriteOutcome;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.database.ClusterDatabase;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import java.time.Duration;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Queued writes of a session: here every write outside a transaction waits in the same queue, and may share its commit. */
final class SessionQueue {

    private final Session session;

    SessionQueue(Session session) {
        this.session = session;
    }

    Mono<Long> one(SqlCommand sql, Value[] arguments, Duration wait) {
        return Mono.defer(() -> {
            if (session.inTransaction()) {
                return Mono.error(Errors.waitsForTransaction("A queued write"));
            }
            return session.execute(Command.of(sql, 1, wait, arguments))
                    .doOnNext(Cursor::close)
                    .map(Cursor::affectedRows)
                    .reduce(0L, Long::sum);
        });
    }

    Flux<WriteOutcome> each(SqlCommand sql, Publisher<Value[]> arguments, Duration wait) {
        return Session.outcomes(arguments, each -> one(sql, each, wait));
    }

    Mono<WriteQueueMetrics> metrics(ClusterDatabase database) {
        return Exchange.mono(
                session.delivery(),
                exchange -> EventLoops.forRequest(database.loop(), exchange, () -> {
                    if (exchange.start()) {
                        exchange.answer(database.committer()
                                .counts()
                                .metrics(
                                        database.config().maxPendingWrites(),
                                        database.committer().waitingWrites()));
                    }
                }));
    }
}
