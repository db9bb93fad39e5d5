package com.decentdb.r2dbc.connection;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The database gets no request before there is demand for its answer. */
class DemandTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private final RecordingSession session = new RecordingSession();
    private final DefaultConnection connection = session.connection("");

    static Stream<Named<Function<DefaultConnection, Publisher<?>>>> work() {
        return Stream.of(
                Named.of("a statement", c -> c.createStatement("DELETE FROM t").execute()),
                Named.of(
                        "a script",
                        c -> c.createStatement("DELETE FROM t; DELETE FROM u").execute()),
                Named.of("a batch", c -> c.createBatch().add("DELETE FROM t").execute()),
                Named.of("BEGIN", c -> c.createStatement("BEGIN").execute()),
                Named.of("begin", DefaultConnection::beginTransaction),
                Named.of("begin with a definition", c -> c.beginTransaction(DecentDbTransactionDefinition.create())),
                Named.of("commit", DefaultConnection::commitTransaction),
                Named.of("rollback", DefaultConnection::rollbackTransaction),
                Named.of("a savepoint", c -> c.createSavepoint("a")),
                Named.of("the release of a savepoint", c -> c.releaseSavepoint("a")),
                Named.of("the rollback to a savepoint", c -> c.rollbackTransactionToSavepoint("a")),
                Named.of("auto-commit", c -> c.setAutoCommit(false)),
                Named.of("validation", c -> c.validate(ValidationDepth.REMOTE)),
                Named.of("the lock-wait timeout", c -> c.setLockWaitTimeout(Duration.ZERO)),
                Named.of("execute", c -> c.execute("DELETE FROM t")),
                Named.of("fetchValue", c -> c.fetchValue("SELECT 1", Long.class)),
                Named.of("inTransaction", c -> c.inTransaction(tx -> tx.execute("DELETE FROM t"))));
    }

    @ParameterizedTest
    @MethodSource("work")
    void startsWithTheFirstRequest(Function<DefaultConnection, Publisher<?>> work) {
        session.inTransaction = true;
        Publisher<?> publisher = work.apply(connection);
        StepVerifier.create(publisher, 0)
                .expectSubscription()
                .then(() -> assertThat(session.calls).isEmpty())
                .thenCancel()
                .verify();

        assertThat(session.calls).isEmpty();
        assertThat(connection.isAutoCommit()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("work")
    void doesItAgainForEachSubscriber(Function<DefaultConnection, Publisher<?>> work) {
        session.inTransaction = true;
        Publisher<?> publisher = work.apply(connection);
        await(Flux.from(publisher).onErrorComplete());
        int once = session.calls.size();
        session.inTransaction = true;
        await(connection.setAutoCommit(true));
        session.calls.clear();
        session.inTransaction = true;
        await(Flux.from(publisher).onErrorComplete());

        assertThat(session.calls).hasSize(once);
    }

    @Test
    void theNextStatementOfAScriptWaitsForDemandForItsResult() {
        Flux.from(connection
                        .createStatement("DELETE FROM a; DELETE FROM b; DELETE FROM c")
                        .execute())
                .as(publisher -> StepVerifier.create(publisher, 1))
                .expectNextCount(1)
                .then(() -> assertThat(session.calls).containsExactly("DELETE FROM a"))
                .thenRequest(1)
                .expectNextCount(1)
                .then(() -> assertThat(session.calls).containsExactly("DELETE FROM a", "DELETE FROM b"))
                .thenRequest(1)
                .expectNextCount(1)
                .verifyComplete();
    }

    @Test
    void theNextStatementOfABatchWaitsForDemandForItsResult() {
        Flux.from(connection
                        .createBatch()
                        .add("DELETE FROM a")
                        .add("DELETE FROM b; DELETE FROM c")
                        .execute())
                .as(publisher -> StepVerifier.create(publisher, 1))
                .expectNextCount(1)
                .then(() -> assertThat(session.calls).containsExactly("DELETE FROM a"))
                .thenRequest(1)
                .expectNextCount(1)
                .then(() -> assertThat(session.calls).containsExactly("DELETE FROM a", "DELETE FROM b"))
                .thenCancel()
                .verify();

        assertThat(session.calls).containsExactly("DELETE FROM a", "DELETE FROM b");
    }

    @Test
    void alsoWithTheEngineAScriptGoesNoFurtherThanItsDemand() {
        DecentDbConnection real = database.connect();
        await(real.execute("CREATE TABLE t (n INTEGER)"));
        Flux.from(real.createStatement("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")
                        .execute())
                .as(publisher -> StepVerifier.create(publisher, 1))
                .expectNextCount(1)
                .thenCancel()
                .verify();

        assertThat(awaitValue(real.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isOne();
    }

    @Test
    void creationOpensNothingBeforeDemand() {
        StepVerifier.create(database.factory().create(), 0)
                .expectSubscription()
                .thenCancel()
                .verify();

        assertThat(database.file()).doesNotExist();
    }

    @Test
    void aLargeObjectIsNotReadBeforeDemand() {
        AtomicBoolean read = new AtomicBoolean();
        Blob blob = Blob.from(Mono.fromSupplier(() -> {
            read.set(true);
            return ByteBuffer.allocate(1);
        }));
        Flux<Result> results = connection
                .createStatement("INSERT INTO t VALUES ($1)")
                .bind(0, blob)
                .execute();
        StepVerifier.create(results, 0).expectSubscription().thenCancel().verify();

        assertThat(read).isFalse();
        assertThat(session.calls).isEqualTo(List.of());
    }

    @Test
    void demandThatIsNotPositiveIsAnError() {
        connection.createStatement("DELETE FROM t").execute().subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(-1);
            }

            @Override
            protected void hookOnError(Throwable error) {
                session.calls.add(error.getClass().getSimpleName());
            }
        });

        assertThat(session.calls).containsExactly("IllegalArgumentException");
    }
}
