package com.decentdb.r2dbc.manual;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.proxy.observation.ObservationProxyExecutionListener;
import io.r2dbc.proxy.observation.QueryContext;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;

/** The page on monitoring, run. */
class MonitoringPageTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @Test
    void observations() {
        String url = database.url("linger=0");
        List<String> seen = new CopyOnWriteArrayList<>();
        ObservationRegistry observations = ObservationRegistry.create();
        observations.observationConfig().observationHandler(new Recorder(seen));

        ConnectionFactory factory = ConnectionFactories.get(url);
        ConnectionFactory observed = ProxyConnectionFactory.builder(factory)
                .listener(new ObservationProxyExecutionListener(observations, factory, url))
                .build();

        awaitAll(Flux.usingWhen(
                observed.create(),
                connection -> Flux.from(
                                connection.createStatement("SELECT 1 AS one").execute())
                        .concatMap(result -> result.map(row -> row.get("one", Long.class))),
                Connection::close));
        await(((io.r2dbc.spi.Closeable) factory).close());

        assertThat(seen).containsExactly("query of DecentDB: SELECT 1 AS one");
    }

    private record Recorder(List<String> seen) implements ObservationHandler<QueryContext> {

        @Override
        public void onStop(QueryContext context) {
            seen.add(context.getContextualName() + " of " + context.getConnectionName() + ": "
                    + String.join("; ", context.getQueries()));
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return context instanceof QueryContext;
        }
    }
}
