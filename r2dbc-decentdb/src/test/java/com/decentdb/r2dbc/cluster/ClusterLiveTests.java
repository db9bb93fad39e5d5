package com.decentdb.r2dbc.cluster;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.WatchEvent;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.test.StepVerifier;

/** Changes of a cluster as their watchers see them. */
class ClusterLiveTests {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private DecentDbConnectionFactory factory;
    private DecentDbConnection connection;

    @BeforeEach
    void connect() {
        factory = DecentDb.factory(CLUSTER.url("watchInterval=PT0.02S"));
        connection = awaitValue(factory.create());
        await(connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY); CREATE TABLE other (id INTEGER)"));
    }

    @AfterEach
    void close() {
        await(connection.close());
        await(factory.close());
    }

    @Test
    void aWriteOfTheSameFactoryIsToldWithItsTable() {
        // Looking for commits sees this one, too, perhaps first.
        DecentDbConnectionFactory seldomLooking = DecentDb.factory(CLUSTER.url("watchInterval=PT1H"));
        DecentDbConnection writer = awaitValue(seldomLooking.create());
        StepVerifier.create(seldomLooking.watchTable("item"))
                .assertNext(event -> assertThat(event).isInstanceOf(WatchEvent.Initial.class))
                .then(() -> await(writer.execute("INSERT INTO item VALUES (1)")))
                .assertNext(event ->
                        assertThat(((WatchEvent.Invalidate) event).tables()).containsExactly("item"))
                .thenCancel()
                .verify(PATIENCE);
        await(writer.close());
        await(seldomLooking.close());
    }

    @Test
    void aCommitOfAnotherClientIsToldWithoutTables() {
        DecentDbConnectionFactory others = DecentDb.factory(CLUSTER.url());
        DecentDbConnection other = awaitValue(others.create());
        StepVerifier.create(factory.watchTable("item"))
                .assertNext(event -> assertThat(event).isInstanceOf(WatchEvent.Initial.class))
                .then(() -> await(other.execute("INSERT INTO item VALUES (1)")))
                .assertNext(event -> {
                    assertThat(((WatchEvent.Invalidate) event).tables()).isEmpty();
                    assertThat(((WatchEvent.Invalidate) event).source()).isEqualTo("data version");
                })
                .thenCancel()
                .verify(PATIENCE);
        await(other.close());
        await(others.close());
    }

    @Test
    void watchersAreToldWhenAnotherNodeLeads() {
        StepVerifier.create(factory.watchTable("item"))
                .assertNext(event -> assertThat(event).isInstanceOf(WatchEvent.Initial.class))
                .then(() -> CLUSTER.transferTo(CLUSTER.follower()))
                .assertNext(event ->
                        assertThat(((WatchEvent.Invalidate) event).source()).isEqualTo("leader change"))
                .thenCancel()
                .verify(Duration.ofSeconds(60));
    }

    @Test
    void aLiveQueryFollowsWrites() {
        StepVerifier.create(factory.liveQuery("SELECT count(*) FROM item")
                        .map(row -> row.get(0, Long.class))
                        .distinctUntilChanged())
                .assertNext(rows -> assertThat(rows).containsExactly(0L))
                .then(() -> await(connection.execute("INSERT INTO item VALUES (1), (2)")))
                .assertNext(rows -> assertThat(rows).containsExactly(2L))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aResultThatIsAsBeforeIsNotRepeated() {
        DecentDbConnectionFactory others = DecentDb.factory(CLUSTER.url());
        DecentDbConnection other = awaitValue(others.create());
        await(connection.execute("INSERT INTO item VALUES (1)"));
        List<Integer> looks = new CopyOnWriteArrayList<>();

        // The results of the mapping make no difference: these are all unlike each other.
        StepVerifier.create(factory.liveQuery("SELECT id FROM item ORDER BY id").map(row -> {
                    looks.add(1);
                    return new Object[] {row.get(0, Long.class)};
                }))
                .assertNext(rows -> assertThat(rows).hasSize(1))
                .then(() -> {
                    await(other.execute("INSERT INTO other VALUES (1)"));
                    awaitUntil("it was read again, in vain", () -> looks.size() > 1);
                    await(other.execute("UPDATE item SET id = 7"));
                })
                .assertNext(rows ->
                        assertThat(rows).allSatisfy(row -> assertThat(row).containsExactly(7L)))
                .then(() -> await(other.execute("UPDATE item SET id = 7")))
                .then(() -> await(other.execute("INSERT INTO item VALUES (8)")))
                .assertNext(rows -> assertThat(rows).hasSize(2))
                .thenCancel()
                .verify(PATIENCE);
        await(other.close());
        await(others.close());
    }
}
