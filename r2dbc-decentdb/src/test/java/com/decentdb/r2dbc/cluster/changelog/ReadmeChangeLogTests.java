package com.decentdb.r2dbc.cluster.changelog;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.api.cluster.ChangeLogLimits;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The example of the change log in the README, run. */
class ReadmeChangeLogTests {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    @Test
    void anOutbox() {
        String url = CLUSTER.url();
        DecentDbConnectionFactory factory = DecentDb.factory(url);
        DecentDbConnection connection = awaitValue(factory.create());
        await(connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"));
        Mono<Void> logged =
                DecentDb.cluster(url).enableChangeLog("item", new ChangeLogLimits(1_000_000, Duration.ofDays(2)));
        await(logged);
        AtomicLong lastEventId = new AtomicLong(awaitValue(factory.changeStream("item")
                        .ofType(Change.Initial.class)
                        .next())
                .commitPosition());
        Flux<RowChange> outbox = Flux.defer(() -> factory.changeStreamAfter(lastEventId.get(), "item"))
                .as(Change::lossless)
                .doOnNext(commit -> lastEventId.set(commit.eventId()))
                .flatMapIterable(Change.Commit::rows);

        await(connection.execute("INSERT INTO item VALUES (1, 'tea')"));
        StepVerifier.create(outbox.map(row -> row.key().get("id")))
                .expectNext(1L)
                .thenCancel()
                .verify(PATIENCE);
        await(connection.execute("INSERT INTO item VALUES (2, 'coffee')"));
        assertThat(awaitValue(outbox.next()).key().get("id")).isEqualTo(2L);

        await(connection.close());
        await(factory.close());
    }
}
