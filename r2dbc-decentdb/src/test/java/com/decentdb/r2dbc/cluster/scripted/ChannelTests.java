package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.on;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.Frame.Body;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Bytes arrive over a connection: cut anywhere, too much of it, or something else than asked for. */
class ChannelTests {

    private static final String READ = "SELECT a FROM t";
    private static final int MANY = 1_000_000;

    /** Answers the first query for {@code a} otherwise than all other statements. */
    private static ScriptedLeader.Answers first(ScriptedLeader.Answers answers) {
        AtomicInteger times = new AtomicInteger();
        return (sql, talk) -> {
            if (sql.equals(READ) && times.getAndIncrement() == 0) {
                answers.answer(sql, talk);
            } else {
                ScriptedLeader.usual(sql, talk);
            }
        };
    }

    private static void expectFailure(
            ScriptedLeader.Answers answers, String options, String sqlState, String... message) throws IOException {
        on(first(answers), options, (connection, leader) -> {
            StepVerifier.create(connection.fetchLists(READ))
                    .thenConsumeWhile(row -> true)
                    .expectErrorSatisfies(error -> {
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo(sqlState);
                        assertThat(List.of(message))
                                .allSatisfy(part -> assertThat(error).hasMessageContaining(part));
                    })
                    .verify(PATIENCE);
            assertThat(awaitAll(connection.fetchLists(READ))).isEmpty();
        });
    }

    private static Flux<Long> numbers(DecentDbConnection connection) {
        return connection.fetchLists(READ).map(row -> (Long) row.get(0));
    }

    @Test
    void rowsArriveHoweverTheyAreCut() throws IOException {
        Body twoFrames = new Body()
                .raw(Wire.rows("a", true, 1, 2).bytes())
                .raw(Wire.rows("a", 3).bytes());
        AtomicInteger cut = new AtomicInteger();
        int length = twoFrames.bytes().length;
        on((sql, talk) -> talk.sendCut(cut.incrementAndGet(), twoFrames.bytes()), "", (connection, leader) -> {
            for (int i = 1; i < length; i++) {
                // Each time another text: one that comes again is prepared.
                assertThat(awaitAll(connection.fetchLists(READ + " LIMIT " + i).map(row -> row.get(0))))
                        .as("cut behind %d bytes", i)
                        .containsExactly(1L, 2L, 3L);
            }
        });
    }

    @Test
    void rowsArriveByteByByte() throws IOException {
        on(
                (sql, talk) -> talk.sendOneByOne(Wire.rows("a", 1, 2).bytes()),
                "",
                (connection, leader) ->
                        assertThat(awaitAll(numbers(connection))).containsExactly(1L, 2L));
    }

    @Test
    void aHeaderThatClaimsMoreThanAllowedIsRefusedByName() throws IOException {
        expectFailure(
                (sql, talk) -> talk.send(Frame.hex("ffffffff07000000")), "", "54000", "maxFrameSize", "34359738360");
        expectFailure(
                (sql, talk) ->
                        talk.answer(Wire.rows("a", LongStream.range(0, 1_000).toArray())),
                "maxFrameSize=8192",
                "54000",
                "maxFrameSize",
                "8192");
    }

    @Test
    void framesWithoutRowsDoNotGoOnForEver() throws IOException {
        expectFailure(
                (sql, talk) -> talk.answer(Wire.rows("a", true), Wire.rows("a", true), Wire.rows("a", true)),
                "",
                "08P01",
                "without rows");
    }

    @Test
    void anAnswerToSomethingElseIsRefused() throws IOException {
        expectFailure((sql, talk) -> talk.answer(Wire.result(1, 1)), "", "08P01");
        expectFailure((sql, talk) -> talk.answer(Wire.db()), "", "08P01");
        expectFailure(
                (sql, talk) -> talk.send("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII)),
                "",
                "08P01",
                "not a dqlite node",
                "48545450");
        expectFailure(
                (sql, talk) -> talk.answer(
                        Frame.of(Wire.ROWS, new Body().word(1).text("a").word(7).word(0))),
                "",
                "08P01");
        expectFailure((sql, talk) -> talk.answer(Wire.rows("a", true, 1), Wire.result(1, 1)), "", "08P01");
    }

    @Test
    void anAnswerToNothingClosesTheConnection() throws IOException {
        on(
                first((sql, talk) ->
                        talk.answer(Wire.rows("a"), Wire.rows("a", 9)).expectClose()),
                "",
                (connection, leader) -> {
                    await(connection.fetchLists(READ).onErrorComplete());
                    assertThat(awaitAll(connection.fetchLists(READ))).isEmpty();
                });
    }

    @Test
    void aConnectionThatEndsInTheMiddleOfAnAnswerIsLost() throws IOException {
        expectFailure(
                (sql, talk) -> talk.send(Arrays.copyOf(Wire.rows("a", 1, 2).bytes(), 20))
                        .close(),
                "",
                "08006");
    }

    @Test
    void rowsAreReadOnlyAsTheyAreRequested() throws IOException {
        AtomicLong sent = new AtomicLong();
        byte[] frame =
                Wire.rows("a", true, LongStream.range(0, 2_000).toArray()).bytes();
        on(
                first((sql, talk) -> {
                    for (int i = 0; i < MANY; i++) {
                        talk.send(frame);
                        sent.incrementAndGet();
                    }
                }),
                "",
                (connection, leader) -> {
                    AtomicBoolean begun = new AtomicBoolean();
                    BaseSubscriber<Long> subscriber = new BaseSubscriber<>() {
                        @Override
                        protected void hookOnSubscribe(Subscription subscription) {
                            subscription.request(1);
                        }

                        @Override
                        protected void hookOnNext(Long row) {
                            begun.set(true);
                        }
                    };
                    numbers(connection).subscribe(subscriber);
                    awaitUntil("the first row has come", begun::get);

                    // The system buffers a few megabytes on both sides; a driver that reads on would never
                    // stop.
                    long before = -1;
                    while (before != sent.get()) {
                        before = sent.get();
                        LockSupport.parkNanos(300_000_000);
                    }
                    assertThat(before).isLessThan(2_000);

                    subscriber.cancel();
                    assertThat(awaitAll(connection.fetchLists("SELECT 1"))).isEmpty();
                });
    }

    @Test
    void aQueryThatIsCancelledFreesItsConnection() throws IOException {
        on(
                (sql, talk) -> {
                    if (sql.equals(READ)) {
                        talk.answer(Wire.rows("a", true, 1, 2, 3));
                        talk.expectClose();
                        talk.close();
                    } else {
                        ScriptedLeader.usual(sql, talk);
                    }
                },
                "maxReaders=1",
                (connection, leader) -> {
                    for (int i = 0; i < 20; i++) {
                        assertThat(awaitAll(numbers(connection).take(1))).containsExactly(1L);
                    }
                    assertThat(awaitAll(connection.fetchLists("SELECT 1"))).isEmpty();
                });
    }
}
