package com.decentdb.r2dbc.kit;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.LiveData;
import io.r2dbc.spi.Result;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.opentest4j.TestAbortedException;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.SkipException;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;

/** The driver's publishers keep the rules of Reactive Streams, as the TCK reads them. */
class ReactiveStreamsTests {

    private static final long TIMEOUT_MILLIS = 5_000;
    private static final long SILENCE_MILLIS = 50;

    private Disposable writes = Disposables.disposed();

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)"));
        await(database.connect()
                .inTransaction(
                        tx -> Flux.range(0, 1_000).concatMap(id -> tx.execute("INSERT INTO t VALUES ($1, 0)", id))));
    }

    @TestFactory
    Stream<DynamicTest> rowsOfAResult() {
        DecentDbConnection connection = database.connect();
        // As many rows as anybody asks for; an engine that holds results in memory is asked for fewer.
        long max = database.bundled() ? Long.MAX_VALUE - 1 : 10_000;
        String sql =
                "SELECT a.id FROM t a, t b" + (database.bundled() ? ", t c, t d, t e, t f, t g" : "") + " LIMIT $1";
        LongFunction<Result> result = rows -> awaitValue(
                connection.createStatement(sql).bind(0, rows).fetchSize(7).execute());
        return verify(max, rows -> result.apply(rows).map(row -> row.get(0)), () -> {
            Result consumed = result.apply(0);
            await(consumed.getRowsUpdated());
            return consumed.map(row -> row.get(0));
        });
    }

    @TestFactory
    Stream<DynamicTest> resultsOfAStatement() {
        DecentDbConnection connection = database.connect();
        DecentDbConnection closed = database.connect();
        await(closed.close());
        return verify(
                1_000,
                executions -> {
                    var statement = connection.createStatement("SELECT id FROM t WHERE id = $1");
                    if (executions == 0) {
                        return connection.createStatement("SELECT 1").execute();
                    }
                    for (long i = 0; i < executions; i++) {
                        (i == 0 ? statement : statement.add()).bind(0, i);
                    }
                    return statement.execute();
                },
                () -> closed.createStatement("SELECT 1").execute());
    }

    @TestFactory
    Stream<DynamicTest> aNewConnection() {
        DecentDbConnectionFactory closed = DecentDb.factory(database.url(""));
        await(closed.close());
        return verify(1, one -> database.factory().create(), closed::create);
    }

    @TestFactory
    Stream<DynamicTest> aQueuedWrite() {
        DecentDbConnection connection = database.connect();
        DecentDbConnection closed = database.connect();
        await(closed.close());
        String sql = "DELETE FROM t WHERE id = -1";
        return verify(1, one -> connection.executeQueued(sql), () -> closed.executeQueued(sql));
    }

    @TestFactory
    Stream<DynamicTest> aWatch() {
        return verifyLive(live -> live.watchTable("t"));
    }

    @TestFactory
    Stream<DynamicTest> aChangeStream() {
        return verifyLive(LiveData::changeStream);
    }

    @TestFactory
    Stream<DynamicTest> aLiveQuery() {
        return verifyLive(live -> live.liveQuery("SELECT MAX(id) FROM t")
                .minInterval(Duration.ZERO)
                .map(row -> row.get(0, Long.class)));
    }

    /** Publishers that never end, while another connection writes. */
    private Stream<DynamicTest> verifyLive(Function<LiveData, Publisher<?>> publisher) {
        DecentDbConnection writer = database.connect();
        DecentDbConnection closed = database.connect();
        await(closed.close());
        // DecentDB commits nothing, and so reports nothing, if an update leaves every value as it was.
        writes = writer.execute("UPDATE t SET n = n + 1 WHERE id = 1").repeat().subscribe();
        return verify(Long.MAX_VALUE, elements -> publisher.apply(database.factory()), () -> publisher.apply(closed));
    }

    @AfterEach
    void stopWriting() {
        writes.dispose();
    }

    private static <T> Stream<DynamicTest> verify(
            long max, LongFunction<Publisher<? extends T>> publisher, Supplier<Publisher<? extends T>> failed) {
        PublisherVerification<T> verification =
                new PublisherVerification<>(new TestEnvironment(TIMEOUT_MILLIS, SILENCE_MILLIS, SILENCE_MILLIS)) {
                    @Override
                    @SuppressWarnings("unchecked")
                    public Publisher<T> createPublisher(long elements) {
                        return (Publisher<T>) publisher.apply(elements);
                    }

                    @Override
                    @SuppressWarnings("unchecked")
                    public Publisher<T> createFailedPublisher() {
                        return (Publisher<T>) failed.get();
                    }

                    @Override
                    public long maxElementsFromPublisher() {
                        return max;
                    }
                };
        return Arrays.stream(PublisherVerification.class.getMethods())
                .filter(method -> method.isAnnotationPresent(org.testng.annotations.Test.class))
                .filter(method -> !method.getName().startsWith("untested"))
                .sorted(Comparator.comparing(Method::getName))
                .map(rule -> DynamicTest.dynamicTest(rule.getName(), () -> verify(verification, rule)));
    }

    private static void verify(PublisherVerification<?> verification, Method rule) throws Throwable {
        verification.setUp();
        try {
            rule.invoke(verification);
        } catch (InvocationTargetException e) {
            Throwable cause = requireNonNull(e.getCause());
            String message = String.valueOf(cause.getMessage());
            boolean tooFew = message.contains("required elements") || message.contains("requires an onComplete signal");
            if (cause instanceof SkipException && (tooFew || rule.getName().startsWith("optional"))) {
                throw new TestAbortedException(cause.getMessage(), cause);
            }
            throw cause;
        }
    }
}
