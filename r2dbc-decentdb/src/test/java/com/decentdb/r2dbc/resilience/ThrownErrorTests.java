package com.decentdb.r2dbc.resilience;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** An Error that users' code throws, wherever the driver calls it, ends what it belongs to and nothing else. */
class ThrownErrorTests {

    private static final int ROUNDS = Integer.getInteger("thrown.rounds", 60);
    private static final int ROWS = 500;
    private static final String NUMBERS = "SELECT n FROM numbers ORDER BY n";

    /** Errors of Reactor's three kinds: thrown on past the subscriber, its own, and exceptions. */
    private enum Kind {
        STACK {
            @Override
            Throwable make() {
                return new StackOverflowError("thrown by a test");
            }
        },
        MEMORY {
            @Override
            Throwable make() {
                return new OutOfMemoryError("thrown by a test");
            }
        },
        CLASS {
            @Override
            Throwable make() {
                return new NoClassDefFoundError("thrown by a test");
            }
        },
        ASSERTION {
            @Override
            Throwable make() {
                return new AssertionError("thrown by a test");
            }
        },
        REJECTED {
            @Override
            Throwable make() {
                return new RejectedExecutionException("thrown by a test");
            }
        };

        abstract Throwable make();
    }

    private enum Place {
        MAPPING,
        SUBSCRIBE,
        REQUEST,
        NEXT,
        COMPLETE,
        CANCEL
    }

    private enum Work {
        AUTO_COMMIT,
        TRANSACTION,
        READ_ONLY,
        RETURNING,
        BATCH,
        QUEUE,
        WATCH,
        LIVE_QUERY
    }

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private final Random random = new Random(7);

    @BeforeEach
    void hushWhatIsDropped() {
        Hooks.onErrorDropped(error -> {});
    }

    @AfterEach
    void restore() {
        Hooks.resetOnErrorDropped();
    }

    /** Throws once at its place, when its turn has come. */
    private static final class Trap {

        private final Place place;
        private final Kind kind;
        private final CountDownLatch turn = new CountDownLatch(1);
        private int left;

        Trap(Place place, Kind kind, int left) {
            this.place = place;
            this.kind = kind;
            this.left = left;
        }

        private void spring(Place here) {
            if (here == place && left-- == 0) {
                turn.countDown();
                sneak(kind.make());
            }
        }

        <T> T map(T value) {
            spring(Place.MAPPING);
            return value;
        }

        <T> Flux<T> around(Flux<T> source) {
            return source.doOnSubscribe(subscription -> spring(Place.SUBSCRIBE))
                    .doOnRequest(n -> spring(Place.REQUEST))
                    .doOnNext(element -> spring(Place.NEXT))
                    .doOnComplete(() -> spring(Place.COMPLETE))
                    .doOnCancel(() -> spring(Place.CANCEL));
        }

        @SuppressWarnings("unchecked")
        private static <E extends Throwable> void sneak(Throwable error) throws E {
            throw (E) error;
        }
    }

    @ParameterizedTest
    @EnumSource(Work.class)
    void leavesNothingBehind(Work work) throws InterruptedException {
        DecentDbConnectionFactory factory = DecentDb.factory(database.url("linger=0&maxReaders=2"));
        DecentDbConnection other = awaitValue(factory.create());
        fill(other);
        for (int round = 0; round < ROUNDS; round++) {
            Place place = Place.values()[random.nextInt(Place.values().length)];
            Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
            Trap trap = new Trap(place, kind, place == Place.NEXT || place == Place.MAPPING ? random.nextInt(3) : 0);
            DecentDbConnection victim = awaitValue(factory.create());
            Disposable running = subscribe(work, victim, trap);
            if (work == Work.WATCH || work == Work.LIVE_QUERY) {
                await(other.execute("UPDATE numbers SET t = 'w' WHERE n = 1"));
                await(other.execute("UPDATE numbers SET t = 'x' WHERE n = 1"));
            } else if (place != Place.CANCEL) {
                assertThat(trap.turn.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .as("%s threw in %s", kind, place)
                        .isTrue();
            }
            try {
                running.dispose();
            } catch (Throwable thrownByTheTrap) {
                assertThat(trap.turn.getCount()).isZero();
            }
            await(victim.close());

            assertThat(awaitValue(other.execute("UPDATE numbers SET t = 'y' WHERE n = 2")))
                    .as("write after %s in %s", kind, place)
                    .isEqualTo(1);
            assertThat(awaitValue(other.fetchValue("SELECT count(*) FROM numbers WHERE n < 1000", Long.class)))
                    .isEqualTo(ROWS);
        }
        await(other.inTransaction(c -> c.execute("DELETE FROM numbers WHERE n >= 1000")));
        await(other.close());
        await(((Closeable) factory).close());

        DecentDbConnection again = awaitValue(DecentDb.connect(database.url("linger=0&maxReaders=3")));
        assertThat(awaitValue(again.fetchValue("SELECT count(*) FROM numbers", Long.class)))
                .isEqualTo(ROWS);
        await(again.close());
    }

    private static Disposable subscribe(Work work, DecentDbConnection connection, Trap trap) {
        Disposable.Swap running = Disposables.swap();
        try {
            Flux<?> source = trap.around(source(work, connection, trap));
            running.update((trap.place == Place.CANCEL ? source.take(1) : source).subscribe(v -> {}, e -> {}));
        } catch (Throwable thrownByTheTrap) {
            assertThat(trap.turn.getCount()).isZero();
        }
        return running;
    }

    private static Flux<?> source(Work work, DecentDbConnection connection, Trap trap) {
        return switch (work) {
            case AUTO_COMMIT -> rows(connection, NUMBERS, trap);
            case TRANSACTION ->
                connection.inTransaction(c -> c.execute("INSERT INTO numbers VALUES (1000, 'lost')")
                        .thenMany(trap.around(rows(c, NUMBERS, trap)))
                        .concatWith(Mono.error(new IllegalStateException("rolled back"))));
            case READ_ONLY ->
                Mono.from(connection.beginTransaction(
                                DecentDbTransactionDefinition.create().readOnly()))
                        .thenMany(rows(connection, NUMBERS, trap));
            case RETURNING ->
                rows(connection, "UPDATE numbers SET t = 'r' WHERE n < 100 RETURNING n", trap)
                        .cast(Object.class);
            case BATCH ->
                Flux.from(connection
                                .createBatch()
                                .add(NUMBERS)
                                .add("UPDATE numbers SET t = 'b' WHERE n = 3")
                                .add(NUMBERS)
                                .execute())
                        .concatMap(result -> values(result, trap));
            case QUEUE ->
                connection
                        .executeQueued(
                                "UPDATE numbers SET t = $1 WHERE n = $2",
                                Flux.range(0, 20).map(n -> new Object[] {"q", n}))
                        .map(trap::map);
            case WATCH -> connection.watchTable("numbers").map(trap::map);
            case LIVE_QUERY ->
                connection.liveQuery(NUMBERS).minInterval(Duration.ZERO).map(row -> trap.map(row.get(0)));
        };
    }

    private static Flux<Object> rows(DecentDbConnection connection, String sql, Trap trap) {
        return Flux.from(connection.createStatement(sql).fetchSize(10).execute())
                .concatMap(result -> values(result, trap));
    }

    private static Flux<Object> values(Result result, Trap trap) {
        return Flux.from(result.map((row, metadata) -> trap.map(String.valueOf(row.get(0)))));
    }

    private static void fill(DecentDbConnection connection) {
        await(connection.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY, t TEXT)"));
        await(connection.inTransaction(c -> Flux.range(0, ROWS)
                .concatMap(n -> c.execute("INSERT INTO numbers VALUES ($1, NULL)", n))
                .then()
                .cast(Object.class)));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void reachesTheSubscriberOfTheMappingFunction(Kind kind) {
        DecentDbConnection connection = database.connect();
        fill(connection);

        StepVerifier.create(rows(connection, NUMBERS, new Trap(Place.MAPPING, kind, 3)))
                .expectNextCount(3)
                .expectErrorSatisfies(error -> expect(kind, error))
                .verify(PATIENCE);
    }

    /** Reactor would keep an error that is fatal to the JVM from the subscriber; such errors come as causes. */
    private static void expect(Kind kind, Throwable error) {
        switch (kind) {
            case MEMORY ->
                assertThat(error)
                        .isInstanceOf(R2dbcTransientResourceException.class)
                        .hasCauseInstanceOf(OutOfMemoryError.class);
            case STACK, CLASS ->
                assertThat(error)
                        .isInstanceOfSatisfying(
                                R2dbcNonTransientResourceException.class,
                                known -> assertThat(known.getSqlState()).isEqualTo("38000"))
                        .hasCauseInstanceOf(kind.make().getClass());
            default -> assertThat(error).isInstanceOf(kind.make().getClass());
        }
    }

    @Test
    void ofAMappingFunctionRollsTheTransactionBack() {
        DecentDbConnection connection = database.connect();
        fill(connection);

        StepVerifier.create(connection.inTransaction(c -> c.execute("DELETE FROM numbers")
                        .thenMany(rows(c, "SELECT 1", new Trap(Place.MAPPING, Kind.STACK, 0)))))
                .expectErrorSatisfies(error -> expect(Kind.STACK, error))
                .verify(PATIENCE);
        assertThat(awaitValue(connection.fetchValue("SELECT count(*) FROM numbers", Long.class)))
                .isEqualTo(ROWS);
    }

    /** The subscriber of the program is behind operators that call its functions, such as {@code map}. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void ofAnOperatorBehindTheResultReachesItsSubscriber(Kind kind) {
        DecentDbConnection connection = database.connect();
        fill(connection);

        StepVerifier.create(rows(connection, NUMBERS, new Trap(Place.NEXT, Kind.ASSERTION, ROWS))
                        .map(new Trap(Place.MAPPING, kind, 2)::map))
                .expectNextCount(2)
                .expectError()
                .verify(PATIENCE);
        StepVerifier.create(connection.execute("DELETE FROM numbers").map(new Trap(Place.MAPPING, kind, 0)::map))
                .expectError()
                .verify(PATIENCE);
        String delete = "DELETE FROM numbers WHERE n = $1";
        List<Publisher<?>> others = List.of(
                connection.watchTable("numbers"),
                connection.liveQuery(NUMBERS).map(row -> row),
                connection.executeQueued(delete, 1),
                connection.executeQueued(delete, Flux.range(0, 9).map(n -> new Object[] {n})),
                connection.executeQueuedEach(delete, Flux.range(0, 9).map(n -> new Object[] {n})),
                connection.fetchValue("SELECT 1", Integer.class),
                connection.inTransaction(c -> c.execute("DELETE FROM numbers")),
                connection.createStatement(delete).bind(0, 1).add().bind(0, 2).execute(),
                connection.createBatch().add("DELETE FROM numbers").add(NUMBERS).execute(),
                connection.listTables(),
                connection.tableColumns("numbers"),
                connection.describeQuery(NUMBERS),
                connection.toolingMetadata(),
                connection.writeQueueMetrics(),
                connection.validate(ValidationDepth.REMOTE));
        for (Publisher<?> each : others) {
            StepVerifier.create(Flux.from(each).map(new Trap(Place.MAPPING, kind, 0)::map))
                    .expectError()
                    .verify(PATIENCE);
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void endsTheLiveQueryWhoseKeysItComesFrom(Kind kind) {
        DecentDbConnection connection = database.connect();
        fill(connection);

        StepVerifier.create(connection
                        .liveQuery("SELECT n FROM numbers")
                        .changes(row -> List.of(String.valueOf(row.get(0))), new Trap(Place.MAPPING, kind, 0)::map))
                .expectError()
                .verify(PATIENCE);
    }
}
