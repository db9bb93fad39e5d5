package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static com.decentdb.r2dbc.TestDatabase.nothing;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class TransactionTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
    }

    @Test
    void commitsOnCompletionAndRollsBackOnError() {
        DecentDbConnection connection = database.connect();

        connection
                .inTransaction(tx -> insert(tx, 1))
                .as(StepVerifier::create)
                .expectNext(1L)
                .verifyComplete();
        connection
                .inTransaction(tx -> insert(tx, 2).then(Mono.error(new IllegalStateException("no"))))
                .as(StepVerifier::create)
                .verifyErrorMessage("no");

        assertThat(ids()).containsExactly(1L);
    }

    @Test
    void rollsBackOnCancellation() {
        DecentDbConnection connection = database.connect();

        connection
                .inTransaction(tx -> insert(tx, 1).thenMany(Flux.never()))
                .as(StepVerifier::create)
                .thenAwait(Duration.ofMillis(50))
                .thenCancel()
                .verify();

        await(insert(database.connect(), 2));
        assertThat(ids()).containsExactly(2L);
    }

    @Test
    void writersTakeTurnsWithoutConflicts() {
        Flux.range(0, 50)
                .flatMap(
                        i -> Flux.usingWhen(
                                database.factory().create(),
                                connection -> connection.inTransaction(
                                        tx -> tx.fetchValue("SELECT COUNT(*) FROM t", Long.class)
                                                .flatMap(count -> insert(tx, count.intValue()))),
                                DecentDbConnection::close),
                        50)
                .as(StepVerifier::create)
                .expectNextCount(50)
                .verifyComplete();

        assertThat(ids()).hasSize(50);
    }

    @Test
    void waitsForTheWriteLockNoLongerThanAsked() {
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        DecentDbConnection other = database.connect();
        await(other.setLockWaitTimeout(Duration.ofMillis(50)));

        insert(other, 1).as(StepVerifier::create).verifyErrorSatisfies(TransactionTests::isLockWaitTimeout);
        for (DecentDbTransactionDefinition definition : List.of(
                DecentDbTransactionDefinition.create(),
                DecentDbTransactionDefinition.create().lockWaitTimeout(Duration.ZERO))) {
            await(other.beginTransaction(definition));
            insert(other, 1).as(StepVerifier::create).verifyErrorSatisfies(TransactionTests::isLockWaitTimeout);
            await(other.rollbackTransaction());
        }

        await(holder.commitTransaction());
        await(insert(other, 2));
        assertThat(ids()).containsExactly(2L);
    }

    @Test
    void readersNeverWaitForTheWriter() {
        DecentDbConnection writer = database.connect();
        await(writer.beginTransaction());
        await(insert(writer, 1));
        DecentDbConnection reader = database.connect();

        assertThat(awaitValue(reader.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isZero();
        await(reader.beginTransaction(DecentDbTransactionDefinition.create().readOnly()));
        await(reader.execute("SELECT 1"));
        await(writer.commitTransaction());
        assertThat(awaitValue(reader.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .as("a snapshot")
                .isZero();
        await(reader.commitTransaction());
        assertThat(awaitValue(reader.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isOne();
    }

    @Test
    void refusesToWriteInAReadOnlyTransaction() {
        DecentDbConnection connection = database.connect();
        await(connection.beginTransaction(DecentDbTransactionDefinition.create().readOnly()));

        insert(connection, 1)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("25006"));
        await(connection.rollbackTransaction());
    }

    @Test
    void undoesToASavepointWhateverItsName() {
        DecentDbConnection connection = database.connect();
        String name = "My \"odd\"; name";
        await(connection.beginTransaction());
        await(insert(connection, 1));
        await(connection.createSavepoint(name));
        await(insert(connection, 2));
        await(connection.rollbackTransactionToSavepoint(name));
        await(connection.releaseSavepoint(name));
        await(insert(connection, 3));
        await(connection.commitTransaction());

        assertThat(ids()).containsExactly(1L, 3L);
    }

    @Test
    void beginsWithTheNextStatementWhenAutoCommitIsOff() {
        DecentDbConnection connection = database.connect();
        await(connection.setAutoCommit(false));
        await(insert(connection, 1));
        assertThat(ids()).isEmpty();

        await(connection.commitTransaction());
        await(insert(connection, 2));
        await(connection.rollbackTransaction());

        assertThat(ids()).containsExactly(1L);
    }

    @Test
    void acceptsEveryIsolationLevelItCanKeep() {
        DecentDbConnection connection = database.connect();

        await(connection.beginTransaction(IsolationLevel.SERIALIZABLE));
        await(connection.rollbackTransaction());
        await(connection.beginTransaction(IsolationLevel.READ_COMMITTED));
        await(connection.rollbackTransaction());
        connection
                .beginTransaction(IsolationLevel.valueOf("CHAOS"))
                .as(StepVerifier::create)
                .verifyErrorMatches(error -> "0A000".equals(((R2dbcException) error).getSqlState()));
    }

    @Test
    void closingRollsBackAndLetsTheNextOneWrite() {
        DecentDbConnection connection = database.connect();
        await(connection.beginTransaction());
        await(insert(connection, 1));
        await(connection.close());
        await(connection.close());

        assertThat(awaitValue(connection.validate(ValidationDepth.LOCAL))).isFalse();
        assertThat(awaitValue(connection.validate(ValidationDepth.REMOTE))).isFalse();
        await(insert(database.connect(), 2));
        assertThat(ids()).containsExactly(2L);
    }

    @Test
    void aStatementThatFailsLeavesTheTransactionUsable() {
        DecentDbConnection connection = database.connect();
        await(connection.beginTransaction());
        await(insert(connection, 1));
        insert(connection, 1).as(StepVerifier::create).verifyError(R2dbcException.class);
        await(insert(connection, 2));
        await(connection.commitTransaction());

        assertThat(ids()).containsExactly(1L, 2L);
    }

    @Test
    void releaseLeavesNothingBehind() {
        DecentDbConnection connection = database.connect();
        await(connection.setAutoCommit(false));
        await(connection.setLockWaitTimeout(Duration.ofMillis(1)));
        await(insert(connection, 1));

        await(connection.preRelease());

        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(ids()).isEmpty();
    }

    @Test
    void beginsAsTheDefinitionSays() {
        DecentDbConnection connection = database.connect();
        DecentDbTransactionDefinition base = DecentDbTransactionDefinition.create();
        await(connection.beginTransaction(
                base.name("report").isolationLevel(IsolationLevel.SERIALIZABLE).readOnly()));

        assertThat(connection.getTransactionIsolationLevel()).isEqualTo(IsolationLevel.SERIALIZABLE);
        insert(connection, 1).as(StepVerifier::create).verifyErrorSatisfies(error -> hasState(error, "25006"));
        await(connection.rollbackTransaction());
        assertThat(connection.getTransactionIsolationLevel()).isEqualTo(DecentDbConnection.SNAPSHOT);
        await(connection.beginTransaction(base.readOnly().readWrite()));
        await(insert(connection, 1));
        await(connection.commitTransaction());
        assertThat(ids()).containsExactly(1L);
        assertThat(base).as("immutable").isEqualTo(DecentDbTransactionDefinition.create());
    }

    @Test
    void refusesDefinitionsThatSayNonsense() {
        DecentDbConnection connection = database.connect();
        DecentDbTransactionDefinition base = DecentDbTransactionDefinition.create();

        assertThatIllegalArgumentException().isThrownBy(() -> base.lockWaitTimeout(Duration.ofMillis(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> base.transactionTimeout(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> base.transactionTimeout(nothing()));
        assertThatIllegalArgumentException().isThrownBy(() -> base.name(nothing()));
        assertThatIllegalArgumentException().isThrownBy(() -> base.isolationLevel(nothing()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connection.beginTransaction(TestDatabase.<TransactionDefinition>nothing()));
        for (Map.Entry<Option<?>, Object> wrong : Map.<Option<?>, Object>of(
                        TransactionDefinition.READ_ONLY,
                        "yes",
                        TransactionDefinition.LOCK_WAIT_TIMEOUT,
                        5,
                        DecentDbTransactionDefinition.TRANSACTION_TIMEOUT,
                        5,
                        TransactionDefinition.ISOLATION_LEVEL,
                        "SERIALIZABLE",
                        TransactionDefinition.NAME,
                        7)
                .entrySet()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> connection.beginTransaction(definition(Map.of(wrong.getKey(), wrong.getValue()))))
                    .withMessageContaining(wrong.getKey().name())
                    .withMessageContaining(wrong.getValue().toString());
        }
    }

    @Test
    void refusesALimitForTheWholeTransactionAndNamesTheOnesThatThereAre() {
        DecentDbConnection connection = database.connect();

        connection
                .beginTransaction(DecentDbTransactionDefinition.create().transactionTimeout(Duration.ofSeconds(1)))
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> {
                    hasState(error, "0A000");
                    assertThat(error).hasMessageContaining("idleTransactionTimeout");
                });
        assertThat(connection.isAutoCommit()).isTrue();
    }

    @Test
    void theErrorOfOneThatWaitsInVainNamesTheHolderOfTheWriteLock() {
        DecentDbConnection holder = database.connect();
        await(holder.beginTransaction(DecentDbTransactionDefinition.create().name("nightly import")));
        await(holder.execute("SELECT 1"));
        DecentDbConnection other = database.connect();

        await(other.beginTransaction(
                DecentDbTransactionDefinition.create().name("transfer").lockWaitTimeout(Duration.ZERO)));
        insert(other, 1)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .hasMessageContaining("transaction 'transfer'")
                        .hasMessageContaining("transaction 'nightly import' has held"));
        await(other.rollbackTransaction());
        await(other.setLockWaitTimeout(Duration.ofMillis(1)));
        insert(other, 1).as(StepVerifier::create).verifyErrorSatisfies(error -> {
            isLockWaitTimeout(error);
            assertThat(error).hasMessageContaining("'nightly import'");
            assertThat(((R2dbcException) error).getSql()).isEqualTo("INSERT INTO t VALUES ($1)");
        });
        await(holder.rollbackTransaction());
        holdWriteLock(holder);
        insert(other, 1)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(
                        error -> assertThat(error).hasMessageContaining("which a transaction without a name has held"));
    }

    @Test
    void aSecondBeginIsRefusedAndHarmless() {
        DecentDbConnection connection = database.connect();
        await(connection.beginTransaction());
        await(insert(connection, 1));
        connection.beginTransaction().as(StepVerifier::create).verifyErrorSatisfies(error -> hasState(error, "25001"));
        connection.execute("BEGIN").as(StepVerifier::create).verifyErrorSatisfies(error -> {
            hasState(error, "25001");
            assertThat(((R2dbcException) error).getSql()).isEqualTo("BEGIN");
        });
        await(connection.commitTransaction());

        assertThat(ids()).containsExactly(1L);
    }

    private static void hasState(Throwable error, String sqlState) {
        assertThat(((R2dbcException) error).getSqlState()).isEqualTo(sqlState);
    }

    private static Mono<Long> insert(DecentDbConnection connection, int id) {
        return connection.execute("INSERT INTO t VALUES ($1)", id);
    }

    private List<Object> ids() {
        return awaitAll(
                database.connect().fetchAll("SELECT id FROM t ORDER BY id").map(row -> requireNonNull(row.get(0))));
    }

    private static void isLockWaitTimeout(Throwable error) {
        assertThat(error).isInstanceOf(R2dbcTimeoutException.class).hasMessageContaining("was not started");
        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("55P03");
    }

    /** A definition of another make, which may hold anything. */
    private static TransactionDefinition definition(Map<Option<?>, Object> attributes) {
        return new TransactionDefinition() {
            @Override
            @SuppressWarnings("unchecked")
            public <T> @Nullable T getAttribute(Option<T> option) {
                return (T) attributes.get(option);
            }
        };
    }

    @Test
    void aWriteBehindAnotherOneWaitsNoLongerThanAsked() {
        assumeTrue(database.bundled(), "DecentDB is through with the slow write before anybody waits for it");
        DecentDbConnection slow = database.connect();
        DecentDbConnection impatient = database.connect();
        await(impatient.setLockWaitTimeout(Duration.ofMillis(20)));
        Mono<Long> running = slow.execute(
                        "INSERT INTO t (id) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                                + " WHERE i < 6000000) SELECT MAX(i) FROM n")
                .cache();
        running.subscribe(rows -> {}, error -> {});
        // Writes that come before it starts would be written in one group with it.
        await(Mono.delay(Duration.ofMillis(100)));

        Flux.range(0, 1_000)
                .concatMap(n -> insert(impatient, n))
                .as(StepVerifier::create)
                .thenConsumeWhile(rows -> true)
                .verifyErrorSatisfies(TransactionTests::isLockWaitTimeout);
        await(running);
    }
}
