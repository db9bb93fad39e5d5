package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** One statement with many lists of arguments, as one unit with one count. */
class ExecuteManyTests {

    private static final String INSERT = "INSERT INTO t VALUES ($1, $2)";

    /** More lists than are held at a time. */
    private static final int MANY = 3 * 256 + 1;

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void createTable() {
        connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"));
    }

    private static Flux<Object[]> lists(int count) {
        return Flux.range(1, count).map(id -> new Object[] {id, "row " + id});
    }

    private static long count(DecentDbConnection connection) {
        return awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t", Long.class));
    }

    @Test
    void executesAllListsInOneTransactionAndCountsThemTogether() {
        List<Object[]> lists = IntStream.rangeClosed(1, MANY)
                .mapToObj(id -> new Object[] {id, id % 2 == 0 ? null : "odd"})
                .toList();

        connection
                .executeMany(INSERT, lists)
                .as(StepVerifier::create)
                .expectNext((long) MANY)
                .verifyComplete();
        assertThat(connection.isAutoCommit()).isTrue();
        assertThat(count(database.connect())).isEqualTo(MANY);

        Flux<Object[]> halves = Flux.just(new Object[] {MANY / 2}, new Object[] {MANY});
        assertThat(awaitValue(connection.executeMany("UPDATE t SET name = 'x' WHERE id <= $1", halves)))
                .isEqualTo(MANY / 2 + MANY);
    }

    @Test
    void nothingIsSeenBeforeAllIsCommitted() {
        DecentDbConnection other = database.connect();
        Flux<Object[]> source = lists(MANY).doOnNext(list -> {
            if (list[0].equals(MANY)) {
                other.fetchValue("SELECT COUNT(*) FROM t", Long.class)
                        .as(StepVerifier::create)
                        .expectNext(0L)
                        .verifyComplete();
            }
        });

        assertThat(awaitValue(connection.executeMany(INSERT, source.publishOn(Schedulers.boundedElastic(), 1))))
                .isEqualTo(MANY);
        assertThat(count(other)).isEqualTo(MANY);
    }

    @Test
    void oneThatFailsUndoesAll() {
        Flux<Object[]> lists = lists(MANY).concatWithValues(new Object[] {1, "again"});

        connection
                .executeMany(INSERT, lists)
                .as(StepVerifier::create)
                .expectError(R2dbcDataIntegrityViolationException.class)
                .verify(PATIENCE);
        assertThat(count(connection)).isZero();
        assertThat(connection.isAutoCommit()).isTrue();
    }

    @Test
    void oneThatFailsWithinATransactionUndoesAllOfThemAndNothingElse() {
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO t VALUES (0, 'before')"));
        Flux<Object[]> lists = lists(MANY).concatWithValues(new Object[] {1, "again"});

        connection
                .executeMany(INSERT, lists)
                .as(StepVerifier::create)
                .expectError(R2dbcDataIntegrityViolationException.class)
                .verify(PATIENCE);
        assertThat(count(connection)).isEqualTo(1);
        assertThat(awaitValue(connection.executeMany(INSERT, lists(MANY)))).isEqualTo(MANY);
        assertThat(count(database.connect())).isZero();
        await(connection.commitTransaction());
        assertThat(count(database.connect())).isEqualTo(MANY + 1);
    }

    @Test
    void belongsToTheTransactionThatBeginsWithItWhereAutoCommitIsOff() {
        await(connection.setAutoCommit(false));

        assertThat(awaitValue(connection.executeMany(INSERT, lists(2)))).isEqualTo(2);
        await(connection.rollbackTransaction());
        assertThat(count(database.connect())).isZero();
    }

    @Test
    void holdsNoMoreListsThanItSays() {
        AtomicLong made = new AtomicLong();
        AtomicLong most = new AtomicLong();
        Flux<Object[]> source = Flux.<Object[]>generate(sink -> {
                    long id = made.incrementAndGet();
                    if (id > 20_000) {
                        sink.complete();
                    } else {
                        sink.next(new Object[] {id, "row"});
                    }
                })
                .doOnRequest(n -> most.accumulateAndGet(n, Math::max));

        assertThat(awaitValue(connection.executeMany(INSERT, source))).isEqualTo(20_000);
        assertThat(most.get()).isLessThanOrEqualTo(256);
    }

    @Test
    void withoutListsItTakesNoWriteLock() {
        holdWriteLock(database.connect());
        await(connection.setLockWaitTimeout(Duration.ZERO));

        assertThat(awaitValue(connection.executeMany(INSERT, List.of()))).isZero();
        connection
                .executeMany(INSERT, lists(1))
                .as(StepVerifier::create)
                .expectErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("55P03"))
                .verify(PATIENCE);
    }

    @Test
    void anErrorOfTheSourceUndoesAllAndIsPassedOn() {
        connection
                .executeMany(INSERT, lists(MANY).concatWith(Flux.error(new IllegalStateException("torn"))))
                .as(StepVerifier::create)
                .expectErrorMessage("torn")
                .verify(PATIENCE);
        assertThat(count(connection)).isZero();

        Iterable<Object[]> torn = () -> {
            throw new IllegalStateException("torn");
        };
        connection
                .executeMany(INSERT, torn)
                .as(StepVerifier::create)
                .expectErrorMessage("torn")
                .verify(PATIENCE);
    }

    @Test
    void cancellingLeavesNothingBehind() {
        DecentDbConnection other = database.connect();
        AtomicLong made = new AtomicLong();
        Disposable running = connection
                .executeMany(
                        INSERT,
                        lists(MANY).doOnNext(list -> made.incrementAndGet()).concatWith(Flux.never()))
                .subscribe();
        awaitUntil("all lists were asked for", () -> made.get() == MANY);
        running.dispose();

        assertThat(awaitValue(other.execute("INSERT INTO t VALUES (-1, 'after')")))
                .isEqualTo(1);
        assertThat(count(other)).isEqualTo(1);
        assertThat(awaitValue(connection.executeMany(INSERT, lists(2)))).isEqualTo(2);
    }

    @Test
    void rowsThatAreReturnedAreCounted() {
        assertThat(awaitValue(connection.executeMany(INSERT + " RETURNING id", lists(MANY))))
                .isEqualTo(MANY);
    }

    @Test
    void worksInADatabaseInMemory() {
        DecentDbConnection memory = database.keep(DecentDb.connect("r2dbc:decentdb:mem:///many"));
        await(memory.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"));

        assertThat(awaitValue(memory.executeMany(INSERT, lists(MANY)))).isEqualTo(MANY);
        assertThat(count(memory)).isEqualTo(MANY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT $1", "CREATE TABLE u (a INTEGER)", "DELETE FROM t; DELETE FROM t", "COMMIT"})
    void refusesWhatIsNotOneStatementThatChangesRows(String sql) {
        connection
                .executeMany(sql, Flux.<Object[]>just(new Object[] {1}))
                .as(StepVerifier::create)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcBadGrammarException.class)
                        .hasMessageContaining("executeMany runs one INSERT, UPDATE or DELETE"))
                .verify(PATIENCE);
    }

    @Test
    void refusesArgumentsThatCannotBeBound() {
        connection
                .executeMany(INSERT, Flux.<Object[]>just(new Object[] {1, "one"}, new Object[] {2}))
                .as(StepVerifier::create)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("2 parameters"))
                .verify(PATIENCE);
        assertThat(count(connection)).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connection.executeMany(INSERT, TestDatabase.<Flux<Object[]>>nothing()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connection.executeMany(INSERT, TestDatabase.<List<Object[]>>nothing()));
    }
}
