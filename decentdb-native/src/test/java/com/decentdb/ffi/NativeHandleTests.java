package com.decentdb.ffi;

import static com.decentdb.ffi.TestDatabase.NONE;
import static com.decentdb.ffi.TestDatabase.int64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A native object is freed once, after the last call inside it, in every order of calls and closes. */
class NativeHandleTests {

    @TempDir
    Path folder;

    private TestDatabase test;

    @BeforeEach
    void open() {
        test = new TestDatabase(folder, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
        test.run("INSERT INTO t SELECT value, 'row' FROM generate_series(1, 2000) AS s(value)");
    }

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    void everyCallOnAClosedHandleIsRefused() {
        NativeStatement statement = test.db.prepare("SELECT $1");
        NativeResult result = test.db.execute("SELECT 1", NONE);
        NativeWatch watch = test.db.watchTable("{\"tables\":[\"t\"]}");
        List<NativeHandle> handles = List.of(statement, result, watch, test.db);
        for (NativeHandle handle : handles) {
            assertThat(handle.isClosed()).isFalse();
            handle.close();
            handle.close();
            assertThat(handle.isClosed()).isTrue();
        }
        closed("statement", () -> statement.bind(int64(1)));
        closed("statement", () -> statement.fetch(1));
        closed("statement", statement::columnNames);
        closed("statement", statement::affectedRows);
        closed("statement", statement::reset);
        closed("result", result::rows);
        closed("result", result::columnNames);
        closed("result", result::affectedRows);
        closed("watch", () -> watch.next(0));
        closed("database", () -> test.db.execute("SELECT 1", NONE));
        closed("database", () -> test.db.executeQueued("SELECT 1", NONE, 0));
        closed("database", () -> test.db.prepare("SELECT 1"));
        closed("database", test.db::begin);
        closed("database", test.db::listTables);
        closed("database", test.db::writeQueueMetrics);
        closed("database", () -> test.db.watchTable("{\"tables\":[\"t\"]}"));
    }

    @Test
    void aDatabaseClosedBeforeWhatCameFromItHarmsNothing() {
        NativeStatement statement = test.db.prepare("SELECT name FROM t WHERE id = $1");
        NativeResult result = test.db.execute("SELECT name FROM t WHERE id = 1", NONE);
        NativeWatch watch = test.db.watchTable("{\"tables\":[\"t\"]}");
        test.db.close();
        assertThat(result.rows().text(0, 0)).isEqualTo("row");
        assertThatNoException().isThrownBy(() -> watch.next(0));
        try {
            statement.bind(int64(1));
            assertThat(statement.fetch(1).text(0, 0)).isEqualTo("row");
        } catch (NativeException e) {
            // An engine may also refuse the call, as long as it gives a message.
            assertThat(e.getMessage()).isNotBlank();
        }
        statement.close();
        result.close();
        watch.close();
    }

    @Test
    void anInterruptEndsTheCallThatRunsIfTheLibraryCanDoThat() throws Exception {
        if (!TestDatabase.library().interrupts()) {
            assertThat(test.db.interrupt()).isFalse();
            return;
        }
        AtomicBoolean ended = new AtomicBoolean();
        Thread interrupter = new Thread(() -> {
            while (!ended.get()) {
                assertThat(test.db.interrupt()).isTrue();
                LockSupport.parkNanos(1_000);
            }
        });
        interrupter.start();
        assertThatExceptionOfType(NativeException.class)
                .isThrownBy(() -> test.run("SELECT count(*) FROM t a, t b, t c"))
                .matches(e -> e.status() == Status.CANCELED && "57014".equals(e.sqlState()));
        ended.set(true);
        interrupter.join();

        assertThat(test.db.interrupt()).isTrue();
        test.run("DELETE FROM t WHERE id = 1");
        test.db.close();
        assertThat(test.db.interrupt()).as("on a closed handle").isTrue();
    }

    @RepeatedTest(30)
    void closingAStatementWhileThreadsUseItFreesItOnce() throws Exception {
        NativeStatement statement = test.db.prepare("SELECT id, name FROM t WHERE id > $1 ORDER BY id");
        race(4, statement, () -> {
            statement.bind(int64(5));
            statement.columnNames();
            statement.fetch(500);
        });
    }

    @RepeatedTest(30)
    void closingAResultWhileThreadsReadItFreesItOnce() throws Exception {
        NativeResult result = test.db.execute("SELECT id, name FROM t WHERE id < 50", NONE);
        race(4, result, () -> assertThat(result.rows().rows()).isEqualTo(49));
    }

    @RepeatedTest(20)
    void closingADatabaseWhileThreadsWriteToItFreesItOnce() throws Exception {
        race(3, test.db, () -> {
            test.db
                    .executeQueued("UPDATE t SET name = 'x' WHERE id = $1", int64(1), 1_000)
                    .close();
            test.db.writeQueueMetrics();
        });
    }

    @RepeatedTest(10)
    void closingAWatchEndsTheWaitForItsNextEvent() throws Exception {
        NativeWatch watch = test.db.watchTable("{\"tables\":[\"t\"]}");
        while (watch.next(0) != null) {
            // Skips the initial event.
        }
        CountDownLatch waiting = new CountDownLatch(1);
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            Future<Long> wait = executor.submit(() -> {
                waiting.countDown();
                long start = System.nanoTime();
                watch.next(60_000);
                return System.nanoTime() - start;
            });
            waiting.await();
            watch.close();
            // The wait ends after one slice of a native wait, far below the requested minute.
            wait.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            // The close may also come before the wait begins.
            assertThat(e).hasCauseInstanceOf(IllegalStateException.class);
        } finally {
            executor.shutdown();
        }
        closed("watch", () -> watch.next(0));
    }

    /** Runs an action on many threads until a close while all of them run stops them. */
    private static void race(int threads, NativeHandle handle, Runnable action) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        AtomicInteger calls = new AtomicInteger();
        try {
            CountDownLatch running = new CountDownLatch(3);
            List<Future<?>> futures = IntStream.range(0, threads)
                    .<Future<?>>mapToObj(i -> executor.submit(() -> {
                        while (!handle.isClosed()) {
                            try {
                                action.run();
                                calls.incrementAndGet();
                                running.countDown();
                            } catch (IllegalStateException e) {
                                assertThat(e.getMessage()).containsAnyOf("is closed", "in use by another thread");
                            }
                        }
                    }))
                    .toList();
            assertThat(running.await(30, TimeUnit.SECONDS)).isTrue();
            handle.close();
            for (Future<?> future : futures) {
                future.get(30, TimeUnit.SECONDS);
            }
        } finally {
            executor.shutdown();
        }
        assertThat(calls.get()).isPositive();
    }

    private static void closed(String noun, ThrowingCallable call) {
        assertThatIllegalStateException().isThrownBy(call).withMessage("the " + noun + " is closed");
    }
}
