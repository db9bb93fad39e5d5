package com.decentdb.r2dbc.cluster;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Transactions on a real cluster where they meet errors, other writers, idleness and cancellation. */
class ClusterTransactionTests {

    private static final String MANY =
            "INSERT INTO item WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i,"
                    + " 'name ' || i FROM n";

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private DecentDbConnectionFactory factory;
    private DecentDbConnection connection;

    @BeforeEach
    void connect() {
        factory = DecentDb.factory(CLUSTER.url());
        connection = awaitValue(factory.create());
        await(connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"));
    }

    @AfterEach
    void close() {
        await(connection.close());
        await(factory.close());
    }

    private List<Long> ids() {
        return CLUSTER.integers("SELECT id FROM item ORDER BY id");
    }

    private static void expect(Publisher<?> call, String sqlState) {
        StepVerifier.create(call)
                .expectErrorSatisfies(error -> assertThat(((R2dbcException) error).getSqlState())
                        .as(String.valueOf(error.getMessage()))
                        .isEqualTo(sqlState))
                .verify(PATIENCE);
    }

    @Test
    void manyListsOfArgumentsAreOneTransactionOrOneUnitOfTheOpenOne() {
        int many = 2 * 256 + 1;
        Flux<Object[]> lists = Flux.range(1, many).map(id -> new Object[] {id, "row " + id});
        Flux<Object[]> twice = lists.concatWithValues(new Object[] {1, "again"});
        String insert = "INSERT INTO item VALUES ($1, $2)";

        expect(connection.executeMany(insert, twice), "23505");
        assertThat(ids()).isEmpty();
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO item VALUES (0, 'before')"));
        expect(connection.executeMany(insert, twice), "23505");
        assertThat(awaitValue(connection.executeMany(insert, lists))).isEqualTo(many);
        await(connection.commitTransaction());
        assertThat(ids()).hasSize(many + 1);
    }

    /** The protocol of a cluster has no question for it. */
    @Test
    void askingForTheStateOfATransactionIsRefusedByName() {
        expect(connection.transactionState(), "0A000");
        assertThat(connection.getMetadata().engine().driverVersion()).isNotEmpty();
    }

    @Test
    void aConflictThatRollsBackLeavesNothingOfTheTransactionNorBehindIt() {
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO item VALUES (1, 'one')"));
        StepVerifier.create(connection
                        .execute("INSERT OR ROLLBACK INTO item VALUES (2, 'one')")
                        .onErrorResume(R2dbcDataIntegrityViolationException.class, error -> Mono.empty())
                        .then(connection.execute("INSERT INTO item VALUES (3, 'three')")))
                .expectError(R2dbcRollbackException.class)
                .verify(PATIENCE);
        StepVerifier.create(connection.commitTransaction())
                .expectError(R2dbcRollbackException.class)
                .verify(PATIENCE);
        await(connection.rollbackTransaction());

        assertThat(awaitValue(connection.execute("INSERT INTO item VALUES (4, 'four')")))
                .isEqualTo(1);
        assertThat(ids()).containsExactly(4L);
    }

    @Test
    void aConflictThatRollsBackHarmsNoOtherWriteOfItsGroup() {
        Flux<Object> outcomes = Flux.range(1, 40)
                .flatMap(
                        i -> connection
                                .execute(
                                        "INSERT OR ROLLBACK INTO item VALUES ($1, $2)",
                                        i,
                                        i % 10 == 0 ? "same" : "name " + i)
                                .cast(Object.class)
                                .onErrorResume(
                                        R2dbcException.class, error -> Mono.just(String.valueOf(error.getSqlState()))),
                        40);

        assertThat(awaitAll(outcomes)).filteredOn("23505"::equals).hasSize(3);
        assertThat(ids()).hasSize(37);
    }

    @Test
    void aTransactionThatDoesNothingLosesTheRightToWrite() {
        DecentDbConnectionFactory impatient = DecentDb.factory(CLUSTER.url("idleTransactionTimeout=PT0.1S"));
        DecentDbConnection idle = awaitValue(impatient.create());
        await(idle.beginTransaction());
        await(idle.execute("INSERT INTO item VALUES (1, 'one')"));

        // Waits until the lock is free.
        await(connection.execute("INSERT INTO item VALUES (2, 'two')"));

        StepVerifier.create(idle.execute("INSERT INTO item VALUES (3, 'three')"))
                .expectErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("25P03"))
                .verify(PATIENCE);
        await(idle.close());
        await(impatient.close());
        assertThat(ids()).containsExactly(2L);
    }

    @Test
    void aTransactionThatTakesLongerThanItMayLosesTheRightToWrite() {
        DecentDbConnection slow = awaitValue(factory.create());
        await(slow.beginTransaction(DecentDbTransactionDefinition.create().transactionTimeout(Duration.ofSeconds(1))));
        await(slow.execute("INSERT INTO item VALUES (1, 'one')"));
        Mono<Long> endless = slow.fetchValue(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT count(*)"
                        + " FROM n",
                Long.class);

        StepVerifier.create(endless).expectError(R2dbcRollbackException.class).verify(PATIENCE);

        // Waits until the lock is free.
        await(connection.execute("INSERT INTO item VALUES (2, 'two')"));
        StepVerifier.create(slow.commitTransaction())
                .expectError(R2dbcRollbackException.class)
                .verify(PATIENCE);
        await(slow.rollbackTransaction());
        await(slow.execute("INSERT INTO item VALUES (3, 'three')"));
        await(slow.close());
        assertThat(ids()).containsExactly(2L, 3L);
    }

    @Test
    void theHolderOfTheRightToWriteIsNamedToThoseWhoWaitInVain() {
        DecentDbConnection other = awaitValue(factory.create());
        await(connection.beginTransaction(DecentDbTransactionDefinition.create().name("slow")));
        await(connection.execute("INSERT INTO item VALUES (1, 'one')"));

        StepVerifier.create(other.setLockWaitTimeout(Duration.ofMillis(50))
                        .then(other.execute("INSERT INTO item VALUES (2, 'two')")))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTimeoutException.class)
                        .hasMessageContaining("slow")
                        .extracting(e -> ((R2dbcException) e).getSqlState())
                        .isEqualTo("55P03"))
                .verify(PATIENCE);
        await(connection.rollbackTransaction());
        await(other.close());
        assertThat(ids()).isEmpty();
    }

    @Test
    void aConnectionThatIsSetToReadRefusesToWriteAndKeepsItsState() {
        await(connection.execute("CREATE TEMP TABLE mine (a INTEGER)"));
        await(connection.execute("PRAGMA query_only = 1"));

        for (Mono<?> write : List.<Mono<?>>of(
                connection.execute("INSERT INTO item VALUES (1, 'one')"),
                connection
                        .inTransaction(tx -> tx.execute("INSERT INTO item VALUES (1, 'one')"))
                        .then())) {
            StepVerifier.create(write)
                    .expectErrorSatisfies(error ->
                            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("25006"))
                    .verify(PATIENCE);
        }
        assertThat(awaitAll(connection.fetchLists("SELECT a FROM mine"))).isEmpty();
        assertThat(ids()).isEmpty();
    }

    @Test
    void statementsRunWhileAResultOfTheTransactionIsReadRowByRow() {
        await(connection.execute(MANY.formatted(2000)));

        Mono<Long> updated = connection
                .inTransaction(c -> c.fetchLists("SELECT id FROM item")
                        .concatMap(row -> c.execute("UPDATE item SET name = name || '!' WHERE id = $1", row.get(0)), 1))
                .reduce(0L, Long::sum);

        assertThat(awaitValue(updated)).isEqualTo(2000);
    }

    @Test
    void queriesRunWhileManyResultsAreReadRowByRow() {
        await(connection.execute(MANY.formatted(1000)));

        Mono<Long> rows = Flux.range(0, 30)
                .flatMap(
                        i -> connection
                                .fetchLists("SELECT id, name FROM item")
                                .concatMap(
                                        row -> connection.fetchValue(
                                                "SELECT id FROM item WHERE id = $1", Long.class, row.get(0)),
                                        1)
                                .take(300),
                        30)
                .count();

        assertThat(awaitValue(rows)).isEqualTo(9000);
    }

    @Test
    void cancelledStatementsLeaveNothingBehind() {
        await(connection.execute(MANY.formatted(3000)));

        await(Flux.range(0, 1000)
                .flatMap(
                        i -> switch (i % 4) {
                            case 0 ->
                                connection
                                        .fetchLists("SELECT * FROM item")
                                        .take(1 + i % 700)
                                        .then();
                            case 1 ->
                                connection
                                        .fetchLists("SELECT * FROM item WHERE id < $1", i)
                                        .then()
                                        .takeUntilOther(Mono.delay(Duration.ofNanos(i * 1000L)));
                            case 2 ->
                                connection
                                        .execute("UPDATE item SET name = name || '.' WHERE id = $1", i)
                                        .then()
                                        .takeUntilOther(Mono.delay(Duration.ofNanos(i * 1000L)));
                            default ->
                                Mono.usingWhen(
                                                factory.create(),
                                                c -> c.inTransaction(t -> t.execute("DELETE FROM item WHERE id = $1", i)
                                                                .then(Mono.never()))
                                                        .then()
                                                        .takeUntilOther(Mono.delay(Duration.ofMillis(i % 5))),
                                                DecentDbConnection::close)
                                        .then();
                        },
                        16)
                .then());

        assertThat(awaitValue(connection.fetchValue("SELECT count(*) FROM item", Long.class)))
                .isEqualTo(3000);
        assertThat(awaitValue(connection.execute("INSERT INTO item VALUES (0, 'last')")))
                .isEqualTo(1);
    }
}
