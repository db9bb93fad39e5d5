package com.decentdb.r2dbc.live;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.LiveData;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.time.Duration;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Subscribing, cancelling, committing and closing at the same time: nothing fails that should not, and no watch, thread or
 * session stays behind. {@code -Dlive.races} sets how often.
 */
class LiveDataRaceTests {

    private static final int RACES = Integer.getInteger("live.races", 200);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(3);

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)"));
        await(database.connect().execute("INSERT INTO t VALUES (1, 0)"));
    }

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    void cancelAndCloseAtAnyMoment() throws InterruptedException {
        DecentDbConnection writer = database.connect();
        Random random = new Random();
        for (int i = 0; i < RACES; i++) {
            DecentDbConnection connection = awaitValue(database.factory().create());
            LiveData source = random.nextBoolean() ? connection : database.factory();
            Flux<?> live = live(source, random.nextInt(5));
            int subscribed = random.nextInt(60);
            int cancelled = random.nextInt(120);
            int closed = random.nextInt(120);
            CountDownLatch done = new CountDownLatch(3);
            threads.execute(() -> {
                pause(subscribed);
                Disposable subscription = live.subscribe(event -> {}, this::failed);
                pause(cancelled);
                subscription.dispose();
                done.countDown();
            });
            threads.execute(() -> {
                await(writer.execute("UPDATE t SET n = n + 1"));
                done.countDown();
            });
            threads.execute(() -> {
                pause(closed);
                await(connection.close());
                done.countDown();
            });
            assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        }

        assertThat(failures).isEmpty();
        assertNothingIsLeft(writer);
    }

    private static Flux<?> live(LiveData source, int kind) {
        return switch (kind) {
            case 0 -> source.watchTable("t");
            case 1 -> source.watchRange("t", 1, 5);
            case 2 -> source.watchQuery("SELECT n FROM t");
            case 3 -> source.changeStream();
            default ->
                source.liveQuery("SELECT n FROM t").minInterval(Duration.ZERO).map(row -> row.get(0));
        };
    }

    /** A connection that is closed already has no live data; anything else is wrong. */
    private void failed(Throwable error) {
        if (!(error instanceof R2dbcNonTransientResourceException closed && "08003".equals(closed.getSqlState()))) {
            failures.add(error);
        }
    }

    private static void pause(int tensOfMicros) {
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(10L * tensOfMicros));
    }

    /** A subscription that was cancelled while a worker was opening it ends a moment later. */
    private static void assertNothingIsLeft(DecentDbConnection connection) {
        Long left = Flux.interval(Duration.ZERO, Duration.ofMillis(5))
                .onBackpressureDrop()
                .concatMap(tick -> watches(connection).map(watches -> watches + threadsThatWatch()), 1)
                .takeUntil(some -> some == 0)
                .takeUntilOther(Mono.delay(PATIENCE))
                .blockLast();
        assertThat(left).isZero();
    }

    private static Mono<Long> watches(DecentDbConnection connection) {
        // DecentDB lists a watch for a while after it was closed.
        return connection.getMetadata().engine().bundled()
                ? connection.fetchValue("SELECT COUNT(*) FROM sys.reactive_subscriptions", Long.class)
                : Mono.just(0L);
    }

    private static long threadsThatWatch() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("decentdb-watch-test.ddb"))
                .count();
    }
}
