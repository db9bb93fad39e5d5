package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.transaction.TransactionDefinition.ISOLATION_READ_COMMITTED;
import static org.springframework.transaction.TransactionDefinition.ISOLATION_READ_UNCOMMITTED;
import static org.springframework.transaction.TransactionDefinition.ISOLATION_REPEATABLE_READ;
import static org.springframework.transaction.TransactionDefinition.ISOLATION_SERIALIZABLE;
import static org.springframework.transaction.TransactionDefinition.PROPAGATION_NESTED;
import static org.springframework.transaction.TransactionDefinition.PROPAGATION_REQUIRED;
import static org.springframework.transaction.TransactionDefinition.PROPAGATION_REQUIRES_NEW;

import com.decentdb.r2dbc.TestDatabase;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.annotation.Import;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Declarative and programmatic transactions of Spring. */
@ParameterizedClass
@EnumSource(Access.class)
class SpringTransactionTests {

    private static final int CANCELLATIONS = 200;

    @RegisterExtension
    final SpringDatabase spring;

    SpringTransactionTests(Access access) {
        spring = new SpringDatabase(access, ServiceConfiguration.class);
    }

    @BeforeEach
    void createTable() {
        spring.run("CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
    }

    @Test
    void requiredJoinsTheTransactionThatIsThere() {
        TransactionalOperator required = spring.transaction(PROPAGATION_REQUIRED);

        insert("outer")
                .then(insert("inner").as(required::transactional))
                .then(Mono.error(new IllegalStateException("too late")))
                .as(required::transactional)
                .as(StepVerifier::create)
                .verifyErrorMessage("too late");

        expectEntries();
    }

    @Test
    void requiresNewCommitsOnItsOwn() {
        TransactionalOperator reading = readOnly();

        entries()
                .then(insert("inner").as(spring.transaction(PROPAGATION_REQUIRES_NEW)::transactional))
                .then(Mono.error(new IllegalStateException("too late")))
                .as(reading::transactional)
                .as(StepVerifier::create)
                .verifyErrorMessage("too late");

        expectEntries("inner");
    }

    @Test
    void aSecondWriterInsideAWriterFailsInTimeInsteadOfWaitingForItself() {
        DefaultTransactionDefinition impatient = new DefaultTransactionDefinition(PROPAGATION_REQUIRES_NEW);
        impatient.setTimeout(1);
        TransactionalOperator requiresNew =
                TransactionalOperator.create(spring.bean(R2dbcTransactionManager.class), impatient);

        insert("outer")
                .then(insert("inner")
                        .as(requiresNew::transactional)
                        .onErrorResume(QueryTimeoutException.class, error -> {
                            assertThat(error).hasCauseInstanceOf(R2dbcTimeoutException.class);
                            return insert("instead");
                        }))
                .as(spring.transaction(PROPAGATION_REQUIRED)::transactional)
                .as(StepVerifier::create)
                .verifyComplete();

        expectEntries("instead", "outer");
    }

    @Test
    void nestedRollsBackAlone() {
        TransactionalOperator nested = spring.transaction(PROPAGATION_NESTED);

        insert("outer")
                .then(insert("inner")
                        .then(Mono.<Void>error(new IllegalStateException("undone")))
                        .as(nested::transactional)
                        .onErrorComplete(IllegalStateException.class))
                .then(insert("second").as(nested::transactional))
                .as(spring.transaction(PROPAGATION_REQUIRED)::transactional)
                .as(StepVerifier::create)
                .verifyComplete();

        expectEntries("outer", "second");
    }

    @Test
    void readOnlyRefusesWrites() {
        insert("never").as(readOnly()::transactional).as(StepVerifier::create).verifyErrorSatisfies(error -> {
            assertThat(error).isInstanceOf(DataAccessException.class);
            assertThat(((R2dbcException) requireNonNull(error.getCause())).getSqlState())
                    .isEqualTo("25006");
        });
        expectEntries();
    }

    @Test
    void readOnlySeesOneSnapshot() {
        Flux.concat(
                        entries(),
                        insert("meanwhile")
                                .as(spring.transaction(PROPAGATION_REQUIRES_NEW)::transactional)
                                .cast(String.class),
                        entries())
                .as(readOnly()::transactional)
                .as(StepVerifier::create)
                .verifyComplete();
        expectEntries("meanwhile");
    }

    @Test
    void theTimeoutOfATransactionIsHowLongItsFirstStatementWaitsForTheWriteLock() {
        Sinks.Empty<Void> release = Sinks.empty();
        Sinks.Empty<Void> writing = Sinks.empty();
        insert("first")
                .doOnSuccess(done -> writing.tryEmitEmpty())
                .then(release.asMono())
                .as(spring.transaction(PROPAGATION_REQUIRED)::transactional)
                .subscribe();
        await(writing.asMono());

        spring.bean(Service.class)
                .insertWithinASecond("second")
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(QueryTimeoutException.class)
                        .hasCauseInstanceOf(R2dbcTimeoutException.class)
                        .cause()
                        .hasFieldOrPropertyWithValue("sqlState", "55P03"));

        release.tryEmitEmpty();
        spring.bean(Service.class)
                .insertWithinASecond("third")
                .as(StepVerifier::create)
                .verifyComplete();
        expectEntries("first", "third");
    }

    @Test
    void everyIsolationLevelIsAccepted() {
        for (int level : new int[] {
            ISOLATION_READ_UNCOMMITTED, ISOLATION_READ_COMMITTED, ISOLATION_REPEATABLE_READ, ISOLATION_SERIALIZABLE
        }) {
            DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
            definition.setIsolationLevel(level);
            insert("level " + level)
                    .as(
                            TransactionalOperator.create(spring.bean(R2dbcTransactionManager.class), definition)
                                    ::transactional)
                    .as(StepVerifier::create)
                    .verifyComplete();
        }
        expectEntries("level 1", "level 2", "level 4", "level 8");
    }

    @Test
    void annotatedMethodsCommitWhenTheyCompleteAndRollBackWhenTheyFail() {
        Service service = spring.bean(Service.class);

        service.insertTwo("a", "b").as(StepVerifier::create).verifyComplete();
        service.insertAndFail("c").as(StepVerifier::create).verifyErrorMessage("on purpose");
        service.insertNestedAndFail("d").as(StepVerifier::create).verifyComplete();
        service.insertReadOnly("e").as(StepVerifier::create).verifyError(DataAccessException.class);

        expectEntries("a", "b", "d");
    }

    @Test
    void aCancelledTransactionIsRolledBack() {
        Sinks.Empty<Void> written = Sinks.empty();
        Disposable running = insert("never")
                .doOnSuccess(done -> written.tryEmitEmpty())
                .then(Mono.never())
                .as(spring.transaction(PROPAGATION_REQUIRED)::transactional)
                .subscribe();
        await(written.asMono());

        running.dispose();

        // The next writer gets its turn when the rollback is through.
        await(insert("later"));
        expectEntries("later");
    }

    @Test
    void enforcedReadOnlyRefusesWrites() {
        R2dbcTransactionManager manager = new R2dbcTransactionManager(
                requireNonNull(spring.bean(R2dbcTransactionManager.class).getConnectionFactory()));
        manager.setEnforceReadOnly(true);
        DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
        definition.setReadOnly(true);
        TransactionalOperator readOnly = TransactionalOperator.create(manager, definition);

        entries()
                .then(insert("never"))
                .as(readOnly::transactional)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(
                        error -> assertThat(((R2dbcException) requireNonNull(error.getCause())).getSqlState())
                                .isEqualTo("25006"));
        expectEntries();
    }

    /** From its begin on: what is cancelled while it begins, Spring itself may forget to roll back and to give back. */
    @Test
    void aTransactionCancelledAtAnyMomentIsThereWholeOrNotAtAll() {
        TransactionalOperator required = spring.transaction(PROPAGATION_REQUIRED);
        AtomicInteger completed = new AtomicInteger();
        for (int i = 0; i < CANCELLATIONS; i++) {
            Sinks.Empty<Void> begun = Sinks.empty();
            Disposable running = Flux.concat(Mono.fromRunnable(begun::tryEmitEmpty), insert("one"), insert("two"))
                    .then()
                    .as(required::transactional)
                    .subscribe(null, error -> {}, completed::incrementAndGet);
            await(begun.asMono());
            for (int spin = ThreadLocalRandom.current().nextInt(40_000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            running.dispose();
        }

        await(insert("last"));
        long entries = awaitValue(spring.number("SELECT count(*) FROM entry"));
        assertThat(entries % 2).isEqualTo(1);
        assertThat(entries).isGreaterThan(2L * completed.get());
    }

    private Mono<Void> insert(String text) {
        return insert(spring.client(), text);
    }

    private static Mono<Void> insert(DatabaseClient client, String text) {
        return client.sql("INSERT INTO entry (text) VALUES (:text)")
                .bind("text", text)
                .then();
    }

    private Flux<String> entries() {
        return spring.client()
                .sql("SELECT text FROM entry ORDER BY text")
                .mapValue(String.class)
                .all();
    }

    private void expectEntries(String... texts) {
        assertThat(TestDatabase.awaitAll(entries())).containsExactly(texts);
    }

    private TransactionalOperator readOnly() {
        DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
        definition.setReadOnly(true);
        return TransactionalOperator.create(spring.bean(R2dbcTransactionManager.class), definition);
    }

    @Import(Service.class)
    static class ServiceConfiguration extends SpringDatabase.Configuration {

        ServiceConfiguration(ConnectionFactory factory) {
            super(factory);
        }
    }

    /** Transactions as applications declare them. */
    static class Service {

        private final DatabaseClient client;
        private final TransactionalOperator nested;

        Service(DatabaseClient client, R2dbcTransactionManager transactions) {
            this.client = client;
            this.nested =
                    TransactionalOperator.create(transactions, new DefaultTransactionDefinition(PROPAGATION_NESTED));
        }

        @Transactional
        public Mono<Void> insertTwo(String first, String second) {
            return insert(client, first).then(insert(client, second));
        }

        @Transactional
        public Mono<Void> insertAndFail(String text) {
            return insert(client, text).then(Mono.error(new IllegalStateException("on purpose")));
        }

        @Transactional(propagation = Propagation.REQUIRES_NEW)
        public Mono<Void> insertNestedAndFail(String text) {
            return insert(client, text)
                    .then(insert(client, text + " nested")
                            .then(Mono.<Void>error(new IllegalStateException("on purpose")))
                            .as(nested::transactional)
                            .onErrorComplete());
        }

        @Transactional(readOnly = true)
        public Mono<Void> insertReadOnly(String text) {
            return insert(client, text);
        }

        @Transactional(timeout = 1)
        public Mono<Void> insertWithinASecond(String text) {
            return insert(client, text);
        }
    }
}
