package com.decentdb.r2dbc.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class SerializedDrainTests {

    private final AtomicInteger steps = new AtomicInteger();
    private final SerializedDrain nested = SerializedDrain.of(Runnable::run, this::askAgain);

    @Test
    void runsAStepForARequest() {
        SerializedDrain drain = SerializedDrain.of(Runnable::run, steps::incrementAndGet);

        drain.drain();
        drain.drain();

        assertThat(steps).hasValue(2);
    }

    @Test
    void servesRequestsMadeWithinAStepByOneFurtherStepAndKeepsTheStackFlat() {
        nested.drain();

        assertThat(steps).hasValue(100_000);
    }

    private void askAgain() {
        if (steps.incrementAndGet() < 100_000) {
            nested.drain();
            nested.drain();
        }
    }

    @Test
    void usesTheExecutorOnceForRequestsThatWait() {
        Queue<Runnable> tasks = new ArrayDeque<>();
        SerializedDrain drain = SerializedDrain.of(tasks::add, steps::incrementAndGet);

        drain.drain();
        drain.drain();

        assertThat(tasks).hasSize(1);
        tasks.remove().run();
        assertThat(steps).hasValue(1);
    }

    @Test
    void runsAgainAfterAStepThatFailed() {
        SerializedDrain drain = SerializedDrain.of(Runnable::run, () -> {
            if (steps.incrementAndGet() == 1) {
                throw new IllegalStateException("first");
            }
        });

        assertThatIllegalStateException().isThrownBy(drain::drain);
        drain.drain();

        assertThat(steps).hasValue(2);
    }

    @Test
    void runsAgainAfterItsExecutorRefused() {
        AtomicInteger refusals = new AtomicInteger(1);
        SerializedDrain drain = SerializedDrain.of(
                task -> {
                    if (refusals.getAndDecrement() > 0) {
                        throw new IllegalStateException("no thread");
                    }
                    task.run();
                },
                steps::incrementAndGet);

        assertThatIllegalStateException().isThrownBy(drain::drain);
        drain.drain();

        assertThat(steps).hasValue(1);
    }

    @RepeatedTest(20)
    void losesNoRequestAndNeverRunsTwoStepsAtOnce() throws InterruptedException {
        AtomicInteger requested = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        AtomicInteger within = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        SerializedDrain drain = SerializedDrain.of(Runnable::run, () -> {
            if (within.incrementAndGet() > 1) {
                overlaps.incrementAndGet();
            }
            seen.set(requested.get());
            within.decrementAndGet();
        });
        ExecutorService threads = Executors.newFixedThreadPool(4);
        CountDownLatch done = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            threads.execute(() -> {
                for (int n = 0; n < 2_000; n++) {
                    requested.incrementAndGet();
                    drain.drain();
                }
                done.countDown();
            });
        }

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        threads.shutdown();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertThat(seen).hasValue(8_000);
        assertThat(overlaps).hasValue(0);
    }
}
