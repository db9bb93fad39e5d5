package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.cluster.ClusterConfig;
import com.decentdb.r2dbc.cluster.database.ClusterDatabase;
import com.decentdb.r2dbc.cluster.session.ClusterSession;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.TransactionOptions;
import com.decentdb.r2dbc.transport.Waits;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Memory runs out while an answer is handed over: the right to write and the lines go back to those that wait for them. */
class ScriptedHandOverTests {

    private static final String WRITE = "INSERT INTO t VALUES (1)";
    private static final String READ = "SELECT a FROM t";
    private static final TransactionOptions TRANSACTION =
            new TransactionOptions(false, Waits.UNLIMITED, Duration.ZERO, Duration.ZERO, null);

    private ScriptedLeader leader;
    private ClusterDatabase database;
    private Session other;
    private final AtomicInteger released = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();

    @BeforeEach
    void start() throws IOException {
        leader = ScriptedLeader.start(ScriptedLeader::usual);
        database = ClusterDatabase.open(
                ClusterConfig.of(ConnectionFactoryOptions.parse(leader.url("maxReaders=1&maxPinnedConnections=1"))),
                "test",
                Mono::empty);
        other = session(DriverThreads.newSerial(), () -> {});
    }

    @AfterEach
    void stop() throws IOException {
        await(other.close());
        database.close();
        leader.close();
    }

    private Session session(Executor delivery, Runnable release) {
        return awaitValue(Exchange.mono(
                DriverThreads.newSerial(),
                exchange -> database.ready(exchange, () -> new ClusterSession(database, release, delivery))));
    }

    /** A session to which nothing can be delivered from the task of this number on, as many times as that. */
    private Session failing(int from, int times) {
        AtomicInteger tasks = new AtomicInteger();
        Executor delivery = DriverThreads.newSerial();
        return session(
                task -> {
                    int number = tasks.getAndIncrement();
                    if (number >= from && number < from + times) {
                        failed.incrementAndGet();
                        throw new OutOfMemoryError("injected");
                    }
                    delivery.execute(task);
                },
                released::incrementAndGet);
    }

    private static Flux<Cursor> execute(Session session, String sql) {
        return session.execute(Command.of(SqlCommand.of(sql), 1, Waits.UNLIMITED))
                .doOnNext(Cursor::close);
    }

    /** Everything that a session can do is still possible for another one. */
    private void everythingIsFree() {
        assertThat(awaitAll(execute(other, WRITE))).hasSize(1);
        assertThat(awaitAll(execute(other, READ))).hasSize(1);
        await(other.begin(TRANSACTION));
        assertThat(awaitAll(execute(other, WRITE))).hasSize(1);
        await(other.commit());
        assertThat(awaitAll(execute(other, "CREATE TEMP TABLE u (a)"))).hasSize(1);
        await(other.reset());
    }

    /** The answer that could not be delivered has come: the next one can. */
    private void awaitFailure() {
        awaitUntil("the delivery failed", () -> failed.get() > 0);
    }

    private void lose(Function<Session, Publisher<?>> use) {
        Session unlucky = failing(0, 1);
        Flux.from(use.apply(unlucky)).subscribe(value -> {}, error -> {});
        awaitFailure();
        everythingIsFree();
        await(unlucky.close());
        assertThat(released).hasValue(1);
    }

    @Test
    void theAnswerToAWrite() {
        lose(session -> execute(session, WRITE));
    }

    @RepeatedTest(5)
    void theAnswerToOneOfAGroup() {
        Session unlucky = failing(0, 1);
        Flux<Cursor> group = Flux.merge(
                execute(other, WRITE), execute(unlucky, WRITE), execute(other, "DELETE FROM t"), execute(other, WRITE));
        AtomicInteger answers = new AtomicInteger();
        group.subscribe(value -> answers.incrementAndGet(), error -> {});

        awaitFailure();
        everythingIsFree();
        awaitUntil("the others are answered", () -> answers.get() == 3);
        await(unlucky.close());
    }

    @Test
    void theRowsOfAQuery() {
        lose(session -> execute(session, READ));
    }

    @Test
    void theAnswerToAStatementOnALineOfItsOwn() {
        Session unlucky = failing(0, 1);
        execute(unlucky, "CREATE TEMP TABLE u (a)").subscribe(value -> {}, error -> {});
        awaitFailure();

        await(unlucky.close());
        everythingIsFree();
        assertThat(released).hasValue(1);
    }

    @Test
    void theAnswerToTheFirstStatementOfATransaction() {
        Session unlucky = failing(0, 1);
        await(unlucky.begin(TRANSACTION));
        execute(unlucky, WRITE).subscribe(value -> {}, error -> {});
        awaitFailure();

        await(unlucky.close());
        everythingIsFree();
    }

    @Test
    void theEndOfATransaction() {
        for (Function<Session, Mono<Void>> end :
                List.<Function<Session, Mono<Void>>>of(Session::commit, Session::rollback)) {
            failed.set(0);
            Session unlucky = failing(1, 1);
            await(unlucky.begin(TRANSACTION));
            assertThat(awaitAll(execute(unlucky, WRITE))).hasSize(1);
            end.apply(unlucky).subscribe(value -> {}, error -> {});
            awaitFailure();

            everythingIsFree();
            await(unlucky.close());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSessionThatCouldNotBeClosedIsClosedByTheNextAttempt(boolean transaction) {
        AtomicInteger attempts = new AtomicInteger();
        Session unlucky = session(DriverThreads.newSerial(), () -> {
            if (attempts.getAndIncrement() == 0) {
                throw new OutOfMemoryError("injected");
            }
        });
        if (transaction) {
            await(unlucky.begin(TRANSACTION));
            assertThat(awaitAll(execute(unlucky, WRITE))).hasSize(1);
        }

        awaitAll(unlucky.close().onErrorComplete());
        assertThat(unlucky.isOpen()).isFalse();
        await(unlucky.close());
        await(unlucky.close());

        assertThat(attempts).hasValue(2);
        everythingIsFree();
        assertThat(leader.statements().contains("ROLLBACK")).isEqualTo(transaction);
    }
}
