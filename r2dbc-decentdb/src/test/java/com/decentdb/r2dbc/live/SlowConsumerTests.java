package com.decentdb.r2dbc.live;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.ProcessResources;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** A slow subscriber slows no other, and takes no more memory than one block of rows. */
class SlowConsumerTests {

    private static final Duration DURATION = Duration.ofMillis(Long.getLong("slow.consumer.millis", 2_000));
    private static final long MEMORY_TOLERANCE = 16L << 20;
    private static final int READERS = 2;

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection other;

    @BeforeEach
    void createTable() {
        other = connect();
        await(other.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"));
        await(other.inTransaction(tx -> Flux.range(0, 1_000)
                .concatMap(id -> tx.execute("INSERT INTO t VALUES ($1, $2)", id, "x".repeat(100)))));
    }

    private DecentDbConnection connect() {
        return database.keep(
                DecentDb.factory(database.url("linger=0&maxReaders=" + READERS)).create());
    }

    /** Results of one block: however many sleep over them, the lanes are free. */
    @ParameterizedTest
    @ValueSource(ints = {1, READERS, 5 * READERS})
    void whoSleepsOverRowsStopsNobody(int sleepers) throws InterruptedException {
        CountDownLatch asleep = new CountDownLatch(sleepers);
        CountDownLatch wake = new CountDownLatch(1);
        Flux<Integer> sleeping = Flux.range(0, sleepers)
                .flatMap(
                        i -> Flux.from(connect()
                                        .createStatement("SELECT id FROM t LIMIT 50")
                                        .execute())
                                .concatMap(result -> result.map(row -> sleep(asleep, wake)))
                                .subscribeOn(Schedulers.boundedElastic()),
                        sleepers);
        othersWorkMeanwhile(sleeping, asleep, wake);
    }

    /** A result of many blocks keeps its lane until it is read, so one lane is left to the others here. */
    @Test
    void whoSleepsOverALargeResultStopsNoWriterAndNoOtherReader() throws InterruptedException {
        CountDownLatch asleep = new CountDownLatch(READERS - 1);
        CountDownLatch wake = new CountDownLatch(1);
        Flux<Integer> sleeping = Flux.range(0, READERS - 1)
                .flatMap(i -> Flux.from(connect()
                                .createStatement("SELECT id FROM t")
                                .fetchSize(10)
                                .execute())
                        .concatMap(result -> result.map(row -> sleep(asleep, wake)))
                        .subscribeOn(Schedulers.boundedElastic()));
        othersWorkMeanwhile(sleeping, asleep, wake);
    }

    private void othersWorkMeanwhile(Flux<Integer> sleeping, CountDownLatch asleep, CountDownLatch wake)
            throws InterruptedException {
        Disposable sleepers = sleeping.subscribe();
        try {
            assertThat(asleep.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            await(Flux.range(0, 100)
                    .concatMap(i -> other.execute("UPDATE t SET text = 'y' WHERE id = $1", i)
                            .then(other.executeQueued("UPDATE t SET text = 'z' WHERE id = $1", i))
                            .then(other.fetchValue("SELECT COUNT(*) FROM t", Long.class))));
            await(other.inTransaction(tx -> tx.execute("DELETE FROM t WHERE id = -1")));
        } finally {
            wake.countDown();
            sleepers.dispose();
        }
    }

    private static int sleep(CountDownLatch asleep, CountDownLatch wake) {
        asleep.countDown();
        try {
            wake.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 1;
    }

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void aMillionRowsReadOneByOneTakeNoMoreMemoryThanABlock() {
        // Another engine computes the whole result before it gives the first row.
        String sql = "SELECT a.id, b.text FROM t a, t b" + (database.bundled() ? "" : " LIMIT 20000");
        AtomicLong rows = new AtomicLong();
        OneByOne consumer = new OneByOne(rows);
        other.fetchAll(sql).subscribe(consumer);
        consumer.request(1);
        awaitUntil("the first row is there", () -> rows.get() > 0);
        consumer.readFor(DURATION.dividedBy(4));
        long nativeBefore = ProcessResources.nativeBytes();
        long heapBefore = heap();
        consumer.readFor(DURATION);
        long nativeAfter = ProcessResources.nativeBytes();
        long heapAfter = heap();
        consumer.cancel();

        assertThat(rows).hasPositiveValue();
        assertThat(nativeAfter - nativeBefore).as("native memory").isLessThan(MEMORY_TOLERANCE);
        assertThat(heapAfter - heapBefore).as("heap").isLessThan(MEMORY_TOLERANCE);
        assertThat(awaitValue(other.fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(1_000);
        System.out.printf(
                "slow consumer: %d rows in %s; native memory %d to %d KiB, heap %d to %d KiB%n",
                rows.get(), DURATION, nativeBefore >> 10, nativeAfter >> 10, heapBefore >> 10, heapAfter >> 10);
    }

    private static long heap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static final class OneByOne extends BaseSubscriber<Object> {

        private final AtomicLong rows;

        OneByOne(AtomicLong rows) {
            this.rows = rows;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            // It asks when its time comes.
        }

        @Override
        protected void hookOnNext(Object row) {
            rows.incrementAndGet();
        }

        void readFor(Duration duration) {
            long end = System.nanoTime() + duration.toNanos();
            while (System.nanoTime() < end && !isDisposed()) {
                request(1);
                LockSupport.parkNanos(1_000_000);
            }
        }
    }
}
