package com.decentdb.r2dbc.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

class SpreadTests {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final List<Integer> released = new ArrayList<>();

    @Test
    void emitsTheElementsAsTheyAreAskedFor() {
        StepVerifier.create(Spread.of(Mono.just(List.of(1, 2, 3))), 0)
                .thenRequest(1)
                .expectNext(1)
                .thenRequest(2)
                .expectNext(2, 3)
                .verifyComplete();
    }

    @Test
    void isEmptyWhereTheListIsOrThereIsNone() {
        StepVerifier.create(Spread.of(Mono.just(List.of()))).verifyComplete();
        StepVerifier.create(Spread.of(Mono.<List<Integer>>empty())).verifyComplete();
    }

    @Test
    void asksForTheListWithTheFirstDemandAndFailsWithIt() {
        TestPublisher<List<Integer>> list = TestPublisher.create();

        StepVerifier.create(Spread.of(list.mono()), 0)
                .then(() -> assertThat(list.wasRequested()).isFalse())
                .thenRequest(1)
                .then(() -> list.error(new IllegalStateException("no list")))
                .verifyErrorMessage("no list");

        list.assertWasRequested();
    }

    @Test
    void releasesTheElementsThatItsSubscriberDoesNotTake() {
        StepVerifier.create(
                        Spread.of(Mono.just(List.of(1, 2, 3)), released::add).take(1))
                .expectNext(1)
                .verifyComplete();

        assertThat(released).containsExactly(2, 3);
    }

    @Test
    void failsASubscriberThatThrows() {
        StepVerifier.create(Spread.of(Mono.just(List.of(1, 2)), released::add).handle((element, sink) -> {
                    throw new OutOfMemoryError("thrown by a test");
                }))
                .expectErrorMatches(error -> error.getCause() instanceof OutOfMemoryError)
                .verify(PATIENCE);

        assertThat(released).containsExactly(1, 2);
    }

    @Test
    void failsItsSubscriberIfTheListThrows() {
        AtomicInteger asked = new AtomicInteger();
        List<Integer> broken = new AbstractList<>() {
            @Override
            public Integer get(int index) {
                if (asked.getAndIncrement() == 0) {
                    throw new OutOfMemoryError("thrown by a test");
                }
                return 1;
            }

            @Override
            public int size() {
                return 1;
            }
        };

        StepVerifier.create(Spread.of(Mono.just(broken)))
                .expectErrorMatches(error -> error.getCause() instanceof OutOfMemoryError)
                .verify(PATIENCE);
    }

    @RepeatedTest(200)
    void everyElementIsTakenOrReleasedWhenItIsCancelledAmidThem() throws InterruptedException {
        List<Integer> all = IntStream.range(0, 100).boxed().toList();
        Sinks.One<List<Integer>> list = Sinks.one();
        AtomicInteger dropped = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        CountDownLatch begun = new CountDownLatch(1);
        BaseSubscriber<Integer> subscriber = new BaseSubscriber<>() {
            @Override
            protected void hookOnNext(Integer element) {
                begun.countDown();
                taken.incrementAndGet();
            }
        };
        Spread.of(list.asMono(), element -> dropped.incrementAndGet()).subscribe(subscriber);
        Thread emitting = new Thread(() -> list.tryEmitValue(all));
        emitting.start();

        assertThat(begun.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        subscriber.cancel();
        emitting.join();

        // BaseSubscriber passes over what comes at the moment of its cancellation.
        assertThat(taken.get() + dropped.get()).isBetween(all.size() - 1, all.size());
    }
}
