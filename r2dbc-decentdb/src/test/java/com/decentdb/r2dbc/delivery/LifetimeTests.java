package com.decentdb.r2dbc.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

class LifetimeTests {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Lifetime lifetime = new Lifetime();

    @Test
    void passesOnWhatItsSourceSignals() {
        StepVerifier.create(lifetime.bound(Flux.just(1, 2))).expectNext(1, 2).verifyComplete();
        StepVerifier.create(lifetime.bound(Flux.error(new IllegalStateException("source"))))
                .verifyErrorMessage("source");
    }

    @Test
    void requestsNoMoreThanItsSubscriber() {
        StepVerifier.create(lifetime.bound(Flux.just(1, 2)), 0)
                .thenRequest(1)
                .expectNext(1)
                .thenRequest(1)
                .expectNext(2)
                .verifyComplete();
    }

    @Test
    void completesAndCancelsItsSourceWhenItEnds() {
        TestPublisher<Integer> source = TestPublisher.create();

        StepVerifier.create(lifetime.bound(source.flux()))
                .then(() -> source.next(1))
                .expectNext(1)
                .then(lifetime::end)
                .verifyComplete();

        source.assertCancelled();
    }

    @Test
    void completesWithoutItsSourceOnceItHasEnded() {
        TestPublisher<Integer> source = TestPublisher.create();
        lifetime.end();

        StepVerifier.create(lifetime.bound(source.flux())).verifyComplete();

        source.assertWasNotSubscribed();
    }

    @Test
    void failsWithTheReasonThatItsSubscriberWants() {
        TestPublisher<Integer> source = TestPublisher.create();
        Flux<Integer> bound = lifetime.bound(source.flux(), () -> new IllegalStateException("ended"));

        StepVerifier.create(bound).then(lifetime::end).verifyErrorMessage("ended");
        StepVerifier.create(bound).verifyErrorMessage("ended");

        source.assertCancelled();
    }

    @Test
    void endsAllThatDependOnItAlthoughOneThrows() {
        List<Integer> completed = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int number = i;
            lifetime.bound(Flux.never()).subscribe(new BaseSubscriber<Object>() {
                @Override
                protected void hookOnComplete() {
                    completed.add(number);
                    throw new OutOfMemoryError("thrown by a test");
                }
            });
        }

        lifetime.end();

        assertThat(completed).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void endsOnlyThoseThatStillDependOnIt() {
        AtomicBoolean completed = new AtomicBoolean();
        lifetime.bound(Flux.never())
                .doOnComplete(() -> completed.set(true))
                .subscribe()
                .dispose();

        lifetime.end();

        assertThat(completed).isFalse();
    }

    @Test
    void failsASubscriberThatThrows() {
        TestPublisher<Integer> source = TestPublisher.create();

        StepVerifier.create(lifetime.bound(source.flux()).handle((element, sink) -> {
                    throw new OutOfMemoryError("thrown by a test");
                }))
                .then(() -> source.next(1))
                .expectErrorMatches(error -> error.getCause() instanceof OutOfMemoryError)
                .verify(PATIENCE);

        source.assertCancelled();
    }

    @RepeatedTest(500)
    void signalsFollowEachOtherWhenItEndsAmidThem() throws InterruptedException {
        Sinks.Many<Integer> source = Sinks.many().multicast().directBestEffort();
        AtomicBoolean busy = new AtomicBoolean();
        AtomicBoolean overlapped = new AtomicBoolean();
        CountDownLatch over = new CountDownLatch(1);
        lifetime.bound(source.asFlux()).subscribe(new BaseSubscriber<Integer>() {
            @Override
            protected void hookOnNext(Integer element) {
                overlapped.compareAndSet(false, !busy.compareAndSet(false, true));
                Thread.onSpinWait();
                busy.set(false);
            }

            @Override
            protected void hookOnComplete() {
                overlapped.compareAndSet(false, busy.get());
                over.countDown();
            }
        });
        Thread ending = new Thread(lifetime::end);
        ending.start();

        for (int i = 0; over.getCount() > 0 && i < 1_000_000; i++) {
            source.tryEmitNext(i);
        }

        assertThat(over.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(overlapped).isFalse();
        ending.join();
    }
}
