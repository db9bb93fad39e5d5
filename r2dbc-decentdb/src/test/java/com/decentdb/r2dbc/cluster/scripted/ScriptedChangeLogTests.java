package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** A change stream over a log that is slow, moves, changes beneath it or is no log at all. */
class ScriptedChangeLogTests {

    private static final String OPTIONS = "watchInterval=PT0.01S";
    private static final String COLUMNS = "[[\"id\",\"INTEGER\",1]]";
    private static final List<String> PAGE =
            List.of("version", "first", "last", "seq", "table", "op", "key", "before", "after");

    /** A leader with one logged table of whole numbers, whose log a test fills in. */
    private static class Log implements ScriptedLeader.Answers {

        final List<String> asked = new ArrayList<>();
        final AtomicInteger pages = new AtomicInteger();
        volatile long version = 1;
        volatile long last = 5;

        @Override
        public synchronized void answer(String sql, Conversation talk) throws IOException {
            if (sql.startsWith("PRAGMA data_version")) {
                talk.answer(Wire.rows("data_version", last + 1_000 * version));
            } else if (sql.startsWith("WITH logged")) {
                asked.add("tables");
                tables(talk);
            } else if (sql.contains("sqlite_sequence")) {
                asked.add("position");
                talk.answer(Wire.rows("position", 5));
            } else if (sql.startsWith("WITH page")) {
                asked.add("page");
                page(pages.incrementAndGet(), talk);
            } else {
                ScriptedLeader.usual(sql, talk);
            }
        }

        void tables(Conversation talk) throws IOException {
            talk.answer(described(COLUMNS, COLUMNS));
        }

        final Frame described(String columns, String recorded) {
            String signature = "item true " + recorded + " []";
            return Wire.table(
                    List.of("version", "name", "kind", "wr", "cols", "uniques", "trigger"),
                    false,
                    List.of(List.of(
                            version,
                            "item",
                            "table",
                            0,
                            columns,
                            "[]",
                            "CREATE TRIGGER x AFTER INSERT ON item BEGIN /*decentdb:1 " + signature + "*/ END")));
        }

        /** The first page has a row, and there are no more. */
        void page(int number, Conversation talk) throws IOException {
            talk.answer(number == 1 ? rows(false, 6, 6, 6) : nothing());
        }

        final Frame nothing() {
            List<@Nullable Object> none = new ArrayList<>();
            none.add(version);
            PAGE.subList(1, PAGE.size()).forEach(column -> none.add(null));
            return Wire.table(PAGE, false, List.of(none));
        }

        final Frame rows(boolean more, long first, long last, long... seqs) {
            return Wire.table(
                    PAGE,
                    more,
                    Arrays.stream(seqs)
                            .mapToObj(seq -> Arrays.<@Nullable Object>asList(
                                    version,
                                    first,
                                    last,
                                    seq,
                                    "item",
                                    "insert",
                                    "{\"id\":" + seq + "}",
                                    null,
                                    "{\"id\":" + seq + "}"))
                            .collect(Collectors.toList()));
        }

        synchronized long count(String what) {
            return asked.stream().filter(what::equals).count();
        }
    }

    private interface Check {
        void check(DecentDbConnectionFactory factory);
    }

    private static void on(Log log, String options, Check check) throws IOException {
        try (ScriptedLeader leader = ScriptedLeader.start(log)) {
            DecentDbConnectionFactory factory = DecentDb.factory(leader.url(options));
            check.check(factory);
            await(factory.close());
        }
    }

    private static Flux<Long> ids(DecentDbConnectionFactory factory) {
        return factory.changeStream("item")
                .as(Change::lossless)
                .flatMapIterable(Change.Commit::rows)
                .mapNotNull(row -> row.key().get("id", Long.class));
    }

    private static void expectError(Publisher<?> publisher, String sqlState, String part) {
        StepVerifier.create(publisher)
                .thenConsumeWhile(any -> true)
                .expectErrorSatisfies(error -> {
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo(sqlState);
                    assertThat(error).hasMessageContaining(part);
                })
                .verify(PATIENCE);
    }

    @Test
    void aPieceMayComeInSeveralFrames() throws IOException {
        Log log = new Log() {
            @Override
            void page(int number, Conversation talk) throws IOException {
                if (number == 1) {
                    talk.answer(rows(true, 6, 8, 6, 7), rows(false, 6, 8, 8));
                } else {
                    talk.answer(nothing());
                }
            }
        };
        on(
                log,
                OPTIONS,
                factory -> StepVerifier.create(factory.changeStream("item").as(Change::lossless))
                        .assertNext(commit -> {
                            assertThat(commit.rows()).hasSize(3);
                            assertThat(commit.eventId()).isEqualTo(8);
                        })
                        .thenCancel()
                        .verify(PATIENCE));
    }

    @ParameterizedTest
    @CsvSource({"10250, not leader", "10506, leadership lost", "5, database is locked", "12, no database opened"})
    void aPieceThatIsRefusedForNowIsReadAgain(long code, String message) throws IOException {
        Log log = new Log() {
            @Override
            void page(int number, Conversation talk) throws IOException {
                talk.answer(number == 1 ? Wire.failure(code, message) : number == 2 ? rows(false, 6, 6, 6) : nothing());
            }
        };
        on(
                log,
                OPTIONS,
                factory -> StepVerifier.create(ids(factory))
                        .expectNext(6L)
                        .thenCancel()
                        .verify(PATIENCE));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPieceDuringWhichTheConnectionBreaksIsReadAgain(boolean amid) throws IOException {
        Log log = new Log() {
            @Override
            void page(int number, Conversation talk) throws IOException {
                if (number == 1) {
                    if (amid) {
                        talk.answer(rows(true, 6, 7, 6));
                    }
                    talk.reset();
                } else {
                    talk.answer(number == 2 ? rows(false, 6, 7, 6, 7) : nothing());
                }
            }
        };
        on(
                log,
                OPTIONS,
                factory -> StepVerifier.create(ids(factory))
                        .expectNext(6L, 7L)
                        .thenCancel()
                        .verify(PATIENCE));
    }

    @ParameterizedTest
    @CsvSource({"1, no such table: pragma_table_list, 42P01", "11, database disk image is malformed, XX001"})
    void whatTheNodeCannotDoEndsTheStream(long code, String message, String sqlState) throws IOException {
        Log log = new Log() {
            @Override
            void tables(Conversation talk) throws IOException {
                talk.answer(Wire.failure(code, message));
            }
        };
        on(log, OPTIONS, factory -> expectError(factory.changeStream("item"), sqlState, message));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonsense", "[1]", "{\"id\":{\"hex\":\"x\"}}"})
    void aRowThatNoTriggerWroteEndsTheStream(String image) throws IOException {
        Log log = new Log() {
            @Override
            void page(int number, Conversation talk) throws IOException {
                talk.answer(Wire.table(
                        PAGE,
                        false,
                        List.of(Arrays.asList(version, 6, 6, 6, "item", "insert", "{\"id\":6}", null, image))));
            }
        };
        on(log, OPTIONS, factory -> expectError(factory.changeStream("item"), "XX000", "no trigger of the driver"));
    }

    @Test
    void aGapInTheLogIsReported() throws IOException {
        Log log = new Log() {
            @Override
            void page(int number, Conversation talk) throws IOException {
                talk.answer(number == 1 ? rows(false, 9, 9, 9) : nothing());
            }
        };
        on(
                log,
                OPTIONS,
                factory -> StepVerifier.create(factory.changeStream("item"))
                        .expectNextMatches(
                                change -> change instanceof Change.Initial initial && initial.commitPosition() == 5)
                        .assertNext(change -> {
                            Change.Lagged lagged = (Change.Lagged) change;
                            assertThat(lagged.lastSeenEventId()).isEqualTo(5);
                            assertThat(lagged.latestEventId()).isEqualTo(8);
                        })
                        .expectNextMatches(change -> change instanceof Change.Commit)
                        .thenCancel()
                        .verify(PATIENCE));
    }

    @Test
    void aPieceIsReadAgainWhenTheSchemaIsAnotherOne() throws IOException {
        Log log = new Log() {
            @Override
            void page(int number, Conversation talk) throws IOException {
                if (number == 1) {
                    version = 2;
                }
                talk.answer(number <= 2 ? rows(false, 6, 6, 6) : nothing());
            }
        };
        on(log, OPTIONS, factory -> {
            StepVerifier.create(ids(factory)).expectNext(6L).thenCancel().verify(PATIENCE);
            assertThat(log.asked.subList(0, 5)).containsExactly("tables", "position", "page", "tables", "page");
        });
    }

    @Test
    void whatWasLoggedBeforeTheTableWasAlteredComesBeforeTheError() throws IOException {
        Log log = new Log() {
            @Override
            void tables(Conversation talk) throws IOException {
                talk.answer(
                        described(version == 1 ? COLUMNS : "[[\"id\",\"INTEGER\",1],[\"price\",\"REAL\",0]]", COLUMNS));
            }

            @Override
            void page(int number, Conversation talk) throws IOException {
                version = 2;
                talk.answer(number <= 2 ? rows(false, 6, 6, 6) : nothing());
            }
        };
        on(
                log,
                OPTIONS,
                factory -> StepVerifier.create(ids(factory))
                        .expectNext(6L)
                        .expectErrorSatisfies(
                                error -> assertThat(error).hasMessageContaining("enableChangeLog(\"item\") again"))
                        .verify(PATIENCE));
    }

    @Test
    void onePieceIsReadAheadOfASlowSubscriberAndNoMore() throws IOException {
        Log log = new Log() {
            @Override
            void page(int number, Conversation talk) throws IOException {
                talk.answer(rows(false, 5 + number, 5 + number, 5 + number));
            }
        };
        on(
                log,
                OPTIONS,
                factory -> StepVerifier.create(factory.changeStream("item"), 0)
                        .thenRequest(1)
                        .expectNextMatches(change -> change instanceof Change.Initial)
                        .then(() -> assertThat(log.count("page")).isZero())
                        .thenRequest(2)
                        .expectNextCount(2)
                        .then(() -> assertThat(log.count("page")).isLessThanOrEqualTo(2))
                        .thenCancel()
                        .verify(PATIENCE));
    }

    @Test
    void theLastSubscriberTakesThePollerWithIt() throws IOException {
        Log log = new Log();
        try (ScriptedLeader leader = ScriptedLeader.start(log)) {
            DecentDbConnectionFactory factory = DecentDb.factory(leader.url("watchInterval=PT1H"));
            DecentDbConnection connection = awaitValue(factory.create());
            awaitUntil("the poller has gone", () -> leader.open() == 1);
            for (int i = 0; i < 3; i++) {
                log.pages.set(0);
                StepVerifier.create(ids(factory))
                        .expectNext(6L)
                        .then(() -> assertThat(leader.open()).isEqualTo(2))
                        .thenCancel()
                        .verify(PATIENCE);
                awaitUntil("the poller has gone", () -> leader.open() == 1);
            }
            await(connection.close());
            await(factory.close());
        }
    }
}
