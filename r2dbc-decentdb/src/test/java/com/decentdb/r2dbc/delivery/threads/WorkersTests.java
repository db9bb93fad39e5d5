package com.decentdb.r2dbc.delivery.threads;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WorkersTests {

    private static final int TASKS = 1_000;

    private final AtomicBoolean refusing = new AtomicBoolean();
    private final CountDownLatch refused = new CountDownLatch(10);
    private final CountDownLatch ran = new CountDownLatch(TASKS);
    private final Workers workers = new Workers("test-worker", 1 << 20, threads -> task -> {
        if (refusing.get()) {
            refused.countDown();
            throw new OutOfMemoryError("unable to create native thread");
        }
        return threads.newThread(task);
    });

    @BeforeEach
    void keepTimer() {
        DriverThreads.keepTimer();
    }

    @AfterEach
    void restTimer() {
        DriverThreads.restTimer();
    }

    @Test
    void tasksWaitForAThreadThatCannotBeStarted() throws InterruptedException {
        refusing.set(true);
        for (int i = 0; i < TASKS; i++) {
            workers.execute(ran::countDown);
        }
        assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(ran.getCount()).isEqualTo(TASKS);

        refusing.set(false);

        assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aWorkerStaysWhereNoOtherCouldBeStarted() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        workers.execute(begun::countDown);
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
        TimeUnit.MILLISECONDS.sleep(2 * DriverThreads.IDLE_MILLIS);
        refusing.set(true);

        for (int i = 0; i < TASKS; i++) {
            workers.execute(ran::countDown);
        }

        assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aTaskThatThrowsKeepsNoOtherFromRunning() throws InterruptedException {
        SerialExecutor serial = new SerialExecutor(workers);
        for (int i = 0; i < TASKS; i++) {
            serial.execute(() -> {
                ran.countDown();
                throw new OutOfMemoryError("thrown by a test");
            });
        }

        assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aTaskMayBeHandedOverAgainAsSoonAsItRuns() throws InterruptedException {
        SerialExecutor serial = new SerialExecutor(workers);
        Task[] self = new Task[1];
        self[0] = Task.of(() -> {
            ran.countDown();
            if (ran.getCount() > 0) {
                serial.execute(self[0]);
            }
        });
        serial.execute(self[0]);

        assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
    }
}
