package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.ScriptedNode;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A node that answers anything, at any time: every call ends with a true report, and nothing is left that holds up others. */
class ScriptedChaosTests {

    private static final int CONNECTIONS = 12;
    private static final int CALLS = 25;
    private static final String OK = "ok";
    private static final String USUAL = "serverVersion=1.11&topologyRefresh=PT0S";

    @RepeatedTest(2)
    void everyCallEndsAndNothingHoldsUpOthers() throws IOException {
        long seed = ThreadLocalRandom.current().nextLong();
        AtomicBoolean wild = new AtomicBoolean(true);
        Random random = new Random(seed);
        try (ScriptedLeader leader =
                ScriptedLeader.start((sql, talk) -> answer(sql, talk, wild.get() ? random : null))) {
            DecentDbConnectionFactory factory = DecentDb.factory(
                    leader.url(
                            "statementTimeout=PT1S&connectTimeout=PT1S&failoverTimeout=PT10S&lockWaitTimeout=PT1S&maxReaders=3"));

            List<String> reports = awaitAll(Flux.range(0, CONNECTIONS)
                    .flatMap(
                            each -> Flux.usingWhen(
                                    factory.create(),
                                    connection -> Flux.range(0, CALLS)
                                            .concatMap(i -> report(connection, random.nextInt(7), random.nextInt(20))),
                                    DecentDbConnection::close),
                            CONNECTIONS));
            assertThat(reports).as("seed %d", seed).hasSize(CONNECTIONS * CALLS);
            // An error of the driver itself.
            assertThat(reports).as("seed %d", seed).doesNotContain("XX000");

            wild.set(false);
            DecentDbConnection connection = awaitValue(factory.create());
            // On a busy machine even this node may be late.
            assertThat(awaitValue(connection.execute("DELETE FROM t").retry(10)))
                    .as("seed %d", seed)
                    .isEqualTo(1);
            assertThat(awaitAll(connection.fetchLists("SELECT a FROM t").retry(10)))
                    .hasSize(3);
            assertThat(awaitValue(connection
                            .inTransaction(tx -> tx.execute("DELETE FROM t"))
                            .retry(10)))
                    .isEqualTo(1);
            await(connection.close());
            await(factory.close());
            awaitUntil("all connections have ended", () -> leader.open() == 0);
        }
    }

    @Test
    void aConnectionThatIsBeingOpenedForACancelledWriteServesTheNext() throws IOException {
        Openings openings = new Openings(2);
        try (ScriptedNode node = ScriptedNode.start().others(openings)) {
            DecentDbConnectionFactory factory = DecentDb.factory(node.url(USUAL));
            DecentDbConnection connection = awaitValue(factory.create());
            Disposable first = connection.execute("INSERT INTO t VALUES (1)").subscribe();
            openings.awaitHeld();
            first.dispose();
            Mono<Long> second = connection.execute("DELETE FROM t").cache();
            second.subscribe();
            // The request before this one has come to the loop of the driver, too.
            await(connection.fetchLists("SELECT a FROM t"));

            openings.let();

            assertThat(awaitValue(second)).isEqualTo(1);
            assertThat(openings.count).as("those of the reader and the writer").hasValue(2);
            await(connection.close());
            await(factory.close());
        }
    }

    @Test
    void aTransactionGivesTheWriteLockBackIfItsConnectionIsClosedWhileItsLineIsOpened() throws IOException {
        Openings openings = new Openings(2);
        try (ScriptedNode node = ScriptedNode.start().others(openings)) {
            DecentDbConnectionFactory factory = DecentDb.factory(node.url(USUAL));
            DecentDbConnection closed = awaitValue(factory.create());
            await(closed.beginTransaction());
            Disposable temporary = closed.execute("CREATE TEMP TABLE x (a)").subscribe(any -> {}, error -> {});
            openings.awaitHeld();
            temporary.dispose();
            await(closed.close());

            openings.let();

            DecentDbConnection other = awaitValue(factory.create());
            assertThat(awaitValue(other.execute("DELETE FROM t"))).isEqualTo(1);
            await(other.close());
            await(factory.close());
            awaitUntil("all connections have ended", () -> node.open() == 0);
        }
    }

    @Test
    void theEndOfTheFactoryClosesAConnectionOnWhichAnAnswerIsAwaited() throws IOException {
        try (ScriptedLeader leader = ScriptedLeader.start((sql, talk) -> {
            if (sql.equals("BEGIN")) {
                talk.expectSilence();
            }
            ScriptedLeader.usual(sql, talk);
        })) {
            DecentDbConnectionFactory factory = DecentDb.factory(leader.url("statementTimeout=PT60S"));
            DecentDbConnection connection = awaitValue(factory.create());
            Disposable reading = connection
                    .beginTransaction(DecentDbTransactionDefinition.create().readOnly())
                    .thenMany(connection.fetchLists("SELECT a FROM t"))
                    .subscribe();
            leader.awaitStatement("BEGIN");
            reading.dispose();

            await(connection.close());
            await(factory.close());

            awaitUntil("all connections have ended", () -> leader.open() == 0);
        }
    }

    /** A leader that answers everything, but holds one of the openings of the database back until the test lets it go on. */
    private static final class Openings implements ScriptedNode.Script {

        private final int held;
        private final AtomicInteger count = new AtomicInteger();
        private final CountDownLatch let = new CountDownLatch(1);

        Openings(int held) {
            this.held = held;
        }

        @Override
        public void run(Conversation talk) throws IOException {
            talk.handshake();
            for (Frame request = talk.next(); true; request = talk.next()) {
                if (request.type() == Wire.LEADER) {
                    talk.answer(Wire.server(1, talk.address()));
                } else if (request.type() == Wire.OPEN) {
                    if (count.incrementAndGet() == held) {
                        ScriptedLeader.await(let);
                    }
                    talk.answer(Wire.db());
                } else {
                    talk.answer(request.type() == Wire.QUERY_SQL ? Wire.rows("a") : Wire.result(1, 1));
                }
            }
        }

        void awaitHeld() {
            awaitUntil("a connection is opened", () -> count.get() == held);
        }

        void let() {
            let.countDown();
        }
    }

    /** The report of a call, which may be cancelled after a while, and of the rollback that follows upon it. */
    private static Flux<String> report(DecentDbConnection connection, int kind, int cancelledAfter) {
        Flux<?> call = Flux.from(call(connection, kind));
        Flux<?> cancelled =
                cancelledAfter < 8 ? call.takeUntilOther(Mono.delay(Duration.ofMillis(cancelledAfter))) : call;
        return cancelled
                .then(Mono.just(OK))
                .onErrorResume(R2dbcException.class, error -> Mono.just(String.valueOf(error.getSqlState())))
                .timeout(PATIENCE)
                .flux()
                .concatMap(report -> connection.rollbackTransaction().thenReturn(report));
    }

    private static Publisher<?> call(DecentDbConnection connection, int kind) {
        return switch (kind) {
            case 0 -> connection.execute("INSERT INTO t VALUES (1)");
            case 1 -> connection.fetchLists("SELECT a FROM t");
            case 2 -> connection.executeQueued("INSERT INTO t VALUES (3)");
            case 3 -> connection.execute("CREATE TEMP TABLE x (a)");
            case 4 ->
                connection.inTransaction(tx -> tx.execute("INSERT INTO t VALUES (2)")
                        .thenMany(tx.fetchLists("SELECT a FROM t").take(1))
                        .then(tx.createSavepoint("s"))
                        .then(tx.rollbackTransactionToSavepoint("s")));
            case 5 ->
                connection.inTransaction(
                        tx -> tx.fetchLists("SELECT a FROM t").concatMap(row -> tx.execute("UPDATE t SET a = 1"), 1));
            default ->
                connection
                        .beginTransaction(DecentDbTransactionDefinition.create().readOnly())
                        .thenMany(connection.fetchLists("SELECT a FROM t"))
                        .then(connection.commitTransaction());
        };
    }

    private static void answer(String sql, Conversation talk, @Nullable Random random) throws IOException {
        Frame usual = sql.startsWith("SELECT") ? Wire.rows("a", 1, 2, 3) : Wire.result(1, 1);
        byte[] junk = new byte[8 * 20];
        if (random == null) {
            talk.answer(usual);
            return;
        }
        random.nextBytes(junk);
        byte[] part = Arrays.copyOf(usual.bytes(), 1 + random.nextInt(usual.bytes().length - 1));
        switch (random.nextInt(26)) {
            case 0 -> talk.send(junk);
            case 1 -> talk.send(part).close();
            case 2 -> talk.reset();
            case 3 -> talk.expectSilence();
            case 4 -> talk.answer(Wire.failure(random.nextInt(30), "anything"));
            case 5 -> talk.answer(Wire.failure(10_250, "not leader"));
            case 6 -> talk.answer(Wire.failure(10_506, "leadership lost"));
            case 7 -> talk.answer(Wire.failure(5, "database is locked"));
            case 8 -> talk.answer(Wire.db());
            case 9 -> talk.answer(usual, usual);
            case 10 -> talk.answer(Wire.rows("a", true, 1, 2)).reset();
            case 11 -> talk.answer(Wire.rows("a", true, 1, 2)).send(junk);
            case 12 -> talk.answer(Wire.rows("a", true, 1, 2), Wire.failure(1, "overflow"));
            case 13 -> talk.send(Frame.hex("ffffffff07000000"));
            case 14 -> talk.pause(Duration.ofMillis(random.nextInt(100))).answer(usual);
            case 15 -> talk.answer(Wire.rows("a", true), Wire.rows("a", true), Wire.rows("a", true));
            default -> talk.answer(usual);
        }
    }
}
