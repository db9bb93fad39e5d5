package com.decentdb.r2dbc.transport;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.sql.SqlCommand;
import io.r2dbc.spi.R2dbcException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A transport refuses what it lacks with a clear error, and need not implement the refusal. */
class SessionTests {

    private static final SqlCommand INSERT = SqlCommand.of("INSERT INTO t VALUES (1)");

    record Lacking(String named, Function<Session, Publisher<?>> call) {

        @Override
        public String toString() {
            return named;
        }
    }

    static Flux<Lacking> whatATransportMayLack() {
        return Flux.just(
                new Lacking("An audit context", session -> session.setAuditContext("key", "value")),
                new Lacking("A write queue", session -> session.executeQueued(INSERT, new Value[0], Duration.ZERO)),
                new Lacking("A write queue", session -> session.executeQueued(INSERT, Flux.empty(), Duration.ZERO)),
                new Lacking("A write queue", Session::writeQueueMetrics),
                new Lacking("Watching", session -> session.watch(new WatchRequest.Changes(List.of(), false))),
                new Lacking("Asking for the state of the transaction", Session::transactionState),
                new Lacking("A checkpoint", Session::checkpoint),
                new Lacking("Writing a copy", session -> session.saveAs(Path.of("copy.ddb"))),
                new Lacking(
                        "Describing the schema",
                        session -> Mono.defer(() -> session.inspection().version())));
    }

    static Iterable<Lacking> lacking() {
        return whatATransportMayLack().toIterable();
    }

    @ParameterizedTest
    @MethodSource("lacking")
    void refusesByNameWhatTheTransportLacks(Lacking lacking) {
        Session bare = bareSession();

        assertThatThrownBy(() -> Flux.from(lacking.call().apply(bare)).blockLast())
                .isInstanceOf(R2dbcException.class)
                .hasMessage(lacking.named() + " is not supported by the transport of somewhere")
                .extracting(error -> ((R2dbcException) error).getSqlState())
                .isEqualTo("0A000");
    }

    /** A session that implements nothing but its name. */
    private static Session bareSession() {
        InvocationHandler handler = (proxy, method, arguments) -> {
            if (method.isDefault()) {
                return InvocationHandler.invokeDefault(proxy, method, arguments);
            }
            if (method.getName().equals("name")) {
                return "somewhere";
            }
            throw new UnsupportedOperationException(method.getName());
        };
        return (Session)
                Proxy.newProxyInstance(Session.class.getClassLoader(), new Class<?>[] {Session.class}, handler);
    }
}
