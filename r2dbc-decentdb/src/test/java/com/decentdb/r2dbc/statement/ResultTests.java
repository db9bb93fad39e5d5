package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.nothing;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.result.DefaultResult;
import io.r2dbc.spi.Blob;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Result.Message;
import io.r2dbc.spi.Result.RowSegment;
import io.r2dbc.spi.Result.UpdateCount;
import io.r2dbc.spi.Row;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The parts of a result, and the ways to consume them. */
class ResultTests {

    private static final String ALL_ROWS_FIRST = "DecentDB computes all rows first, so the statement itself fails";

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void fillTable() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)"));
        await(connection.inTransaction(
                tx -> Flux.range(0, 100).concatMap(n -> tx.execute("INSERT INTO t VALUES ($1)", n))));
    }

    @Test
    void aWriteIsItsCountAndAQueryItsRows() {
        assertThat(segments(result("UPDATE t SET n = n WHERE n < 7"))).containsExactly("count 7");
        assertThat(segments(result("SELECT n FROM t WHERE n < 2 ORDER BY n"))).containsExactly("row 0", "row 1");
        assertThat(segments(result("DELETE FROM t WHERE n < 2 RETURNING n")))
                .containsExactly("row 0", "row 1", "count 2");
    }

    @Test
    void countsTheRowsOfWritesAlone() {
        result("SELECT n FROM t").getRowsUpdated().as(StepVerifier::create).verifyComplete();
        result("DELETE FROM t WHERE n < 3 RETURNING n")
                .getRowsUpdated()
                .as(StepVerifier::create)
                .expectNext(3L)
                .verifyComplete();
        result("DELETE FROM t WHERE n < 3")
                .getRowsUpdated()
                .as(StepVerifier::create)
                .expectNext(0L)
                .verifyComplete();
    }

    @Test
    void aWriteMappedToRowsHasNone() {
        result("DELETE FROM t WHERE n = 1")
                .map(row -> 1)
                .as(StepVerifier::create)
                .verifyComplete();
    }

    @Test
    void aFilterNarrowsEveryWayToConsume() {
        assertThat(segments(result("DELETE FROM t WHERE n < 2 RETURNING n").filter(UpdateCount.class::isInstance)))
                .containsExactly("count 2");
        Result onlyOdd = result("SELECT n FROM t WHERE n < 6 ORDER BY n")
                .filter(segment -> segment instanceof RowSegment part && number(part.row()) % 2 == 1);
        assertThat(awaitAll(onlyOdd.map((row, metadata) -> number(row)))).containsExactly(3L, 5L);
        Result small = result("SELECT n FROM t WHERE n < 9 ORDER BY n")
                .filter(segment -> segment instanceof RowSegment part && number(part.row()) < 4)
                .filter(segment -> segment instanceof RowSegment part && number(part.row()) > 2);
        assertThat(segments(small)).containsExactly("row 3");
        result("DELETE FROM t WHERE n = 50")
                .filter(segment -> !(segment instanceof UpdateCount))
                .getRowsUpdated()
                .as(StepVerifier::create)
                .verifyComplete();
    }

    @Test
    void flatMapTakesOneSegmentAfterAnother() {
        AtomicInteger active = new AtomicInteger();
        result("SELECT n FROM t ORDER BY n")
                .flatMap(segment -> Mono.fromSupplier(() -> {
                            assertThat(active.incrementAndGet()).isOne();
                            return number(((RowSegment) segment).row());
                        })
                        .delayElement(Duration.ofNanos(1))
                        .doOnNext(n -> active.decrementAndGet()))
                .collectList()
                .as(StepVerifier::create)
                .expectNext(LongStream.range(0, 100).boxed().toList())
                .verifyComplete();
    }

    @Test
    void anErrorAmongTheRowsFailsThoseWhoReadRows() {
        broken().concatMap(result -> result.map(row -> number(row)))
                .as(StepVerifier::create)
                .thenConsumeWhile(n -> true)
                .expectError(R2dbcDataIntegrityViolationException.class)
                .verify(PATIENCE);
    }

    @Test
    void anErrorAmongTheRowsIsAMessageToThoseWhoReadSegments() {
        assumeTrue(database.bundled(), ALL_ROWS_FIRST);
        List<Object> seen = new ArrayList<>();
        Flux.from(brokenInTheMiddle()
                        .<Object>flatMap(segment -> Mono.just(
                                segment instanceof Message message ? message : number(((RowSegment) segment).row()))))
                .as(StepVerifier::create)
                .thenConsumeWhile(seen::add)
                .verifyComplete();

        assertThat(seen).hasSizeGreaterThan(10).last().isInstanceOfSatisfying(Message.class, message -> {
            assertThat(message.sqlState()).isEqualTo("22P02");
            assertThat(message.message()).contains("INT64");
            assertThat(message.exception().getSql()).contains("WHEN 50");
            assertThat(message.errorCode()).isEqualTo(message.exception().getErrorCode());
        });
    }

    @Test
    void anErrorAmongTheRowsCanBeFilteredOut() {
        assumeTrue(database.bundled(), ALL_ROWS_FIRST);
        assertThat(awaitAll(brokenInTheMiddle()
                        .filter(segment -> !(segment instanceof Message))
                        .map(row -> number(row))))
                .hasSizeBetween(10, 50);
        assertThat(awaitAll(brokenInTheMiddle()
                        .filter(Message.class::isInstance)
                        .flatMap(segment -> Mono.just(requireNonNull(((Message) segment).sqlState())))))
                .containsExactly("22P02");
        // The next statement on the same connection is not disturbed.
        assertThat(segments(result("SELECT n FROM t WHERE n = 1"))).containsExactly("row 1");
    }

    @Test
    void theMessageWaitsForDemand() {
        assumeTrue(database.bundled(), ALL_ROWS_FIRST);
        brokenInTheMiddle()
                .filter(Message.class::isInstance)
                .flatMap(segment -> Mono.just(((Message) segment).message()))
                .as(publisher -> StepVerifier.create(publisher, 0))
                .expectSubscription()
                .thenRequest(1)
                .expectNextCount(1)
                .verifyComplete();
    }

    @Test
    void closingTheConnectionIsAMessageToo() {
        DecentDbConnection connection = database.connect();
        Result result = awaitValue(Flux.from(connection
                .createStatement("SELECT n FROM t ORDER BY n")
                .fetchSize(10)
                .execute()));
        Flux.from(result.flatMap(segment -> Mono.just(describe(segment))))
                .as(publisher -> StepVerifier.create(publisher, 1))
                .expectNext("row 0")
                .then(() -> await(connection.close()))
                .thenRequest(Long.MAX_VALUE)
                .thenConsumeWhile(segment -> segment.startsWith("row"))
                .expectNext("message 08003")
                .verifyComplete();
    }

    @Test
    void aSecondConsumptionIsRefusedWhateverTheWay() {
        DefaultResult result = result("SELECT n FROM t");
        await(result.filter(segment -> true).map(row -> 1));

        Stream.of(
                        result.map(row -> 1),
                        result.map((row, metadata) -> 1),
                        result.getRowsUpdated(),
                        result.flatMap(Mono::just))
                .forEach(again -> StepVerifier.create(again).verifyError(IllegalStateException.class));
        assertThatIllegalStateException().isThrownBy(() -> result.filter(segment -> true));
    }

    @Test
    void misuseIsRefusedAtOnce() {
        DefaultResult result = result("SELECT n FROM t");

        assertThatIllegalArgumentException().isThrownBy(() -> result.filter(nothing()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> result.flatMap(TestDatabase.<Function<Result.Segment, Mono<Object>>>nothing()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> result.map(TestDatabase.<Function<Readable, Object>>nothing()));
        await(result.getRowsUpdated());
    }

    @Test
    void aNullForARowIsRefusedWithARemedy() {
        result("SELECT n FROM t")
                .map((row, metadata) -> null)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(NullPointerException.class)
                        .hasMessageContaining("Optional"));
    }

    @Test
    void rowsAndLargeObjectsStayReadable() {
        Row row = awaitValue(
                Flux.from(result("SELECT n, x'616263' AS b FROM t WHERE n = 42").map((each, metadata) -> each)));

        assertThat(row.get("n", Long.class)).isEqualTo(42);
        Blob blob = requireNonNull(row.get("b", Blob.class));
        assertThat(awaitValue(blob.stream())).isEqualTo(ByteBuffer.wrap(new byte[] {'a', 'b', 'c'}));
    }

    @Test
    void unreadResultsDoNotHinderTheNextStatement() {
        DecentDbConnection connection = database.connect();
        await(connection.inTransaction(tx -> Flux.from(
                        tx.createStatement("SELECT n FROM t").fetchSize(5).execute())
                .concatMap(unread -> tx.execute("DELETE FROM t WHERE n = 3"))));

        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(99);
    }

    private DefaultResult brokenInTheMiddle() {
        return (DefaultResult) awaitValue(broken());
    }

    /** A query that fails at one of its rows. */
    private Flux<Result> broken() {
        return Flux.from(database.connect()
                .createStatement("SELECT n, CAST(CASE n WHEN 50 THEN 'x' ELSE '1' END AS INT64) FROM t ORDER BY n")
                .fetchSize(10)
                .execute());
    }

    private DefaultResult result(String sql) {
        return (DefaultResult)
                awaitValue(Flux.from(database.connect().createStatement(sql).execute()));
    }

    private static List<String> segments(Result result) {
        return awaitAll(Flux.from(result.flatMap(segment -> Mono.just(describe(segment)))));
    }

    private static String describe(Result.Segment segment) {
        if (segment instanceof RowSegment part) {
            return "row " + number(part.row());
        }
        if (segment instanceof Message message) {
            return "message " + message.sqlState();
        }
        return "count " + ((UpdateCount) segment).value();
    }

    private static long number(Readable row) {
        return requireNonNull(row.get(0, Long.class));
    }
}
