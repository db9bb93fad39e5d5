package com.decentdb.r2dbc.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

class BracketTests {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final List<String> calls = new CopyOnWriteArrayList<>();

    private Mono<Void> note(String call) {
        return Mono.fromRunnable(() -> calls.add(call));
    }

    private Flux<Integer> bracket(Flux<Integer> work) {
        return new Bracket<>(
                Mono.just("resource"), resource -> work, resource -> note("complete"), resource -> note("give up"));
    }

    @Test
    void completesBehindItsWork() {
        StepVerifier.create(bracket(Flux.just(1, 2))).expectNext(1, 2).verifyComplete();

        assertThat(calls).containsExactly("complete");
    }

    @Test
    void thoseBehindACancelledOneWaitUntilItIsOver() {
        Sinks.Empty<Void> end = Sinks.empty();
        Endings endings = new Endings(Runnable::run);
        Flux<Integer> bracket = new Bracket<>(
                endings,
                Mono.just("resource"),
                resource -> Flux.never(),
                resource -> note("complete"),
                resource -> end.asMono());
        bracket.subscribe().dispose();
        Mono<String> behind = endings.behind(() -> Mono.just("behind"));

        StepVerifier.create(behind)
                .then(() -> assertThat(endings.none()).isFalse())
                .then(end::tryEmitEmpty)
                .expectNext("behind")
                .verifyComplete();
        assertThat(endings.none()).isTrue();
    }

    @Test
    void oneThatIsCancelledAndThenDoesNotBeginIsOver() {
        Sinks.Empty<String> beginning = Sinks.empty();
        Endings endings = new Endings(Runnable::run);
        for (Mono<String> resource : List.of(
                beginning.asMono(),
                beginning
                        .asMono()
                        .concatWith(Mono.error(new IllegalStateException("begin")))
                        .next())) {
            Flux<Integer> bracket = new Bracket<>(
                    endings, resource, any -> Flux.never(), any -> note("complete"), any -> note("give up"));
            bracket.subscribe(any -> {}, error -> {}).dispose();
        }
        assertThat(endings.none()).isFalse();

        beginning.tryEmitEmpty();

        assertThat(endings.none()).isTrue();
        assertThat(calls).isEmpty();
    }

    @Test
    void requestsNoMoreThanItsSubscriber() {
        StepVerifier.create(bracket(Flux.just(1, 2)), 0)
                .thenRequest(1)
                .expectNext(1)
                .thenRequest(1)
                .expectNext(2)
                .verifyComplete();
    }

    @Test
    void givesUpBehindWorkThatFails() {
        StepVerifier.create(bracket(Flux.error(new IllegalStateException("work"))))
                .verifyErrorMessage("work");

        assertThat(calls).containsExactly("give up");
    }

    @Test
    void givesUpIfTheFunctionOfTheWorkThrows() {
        Flux<Integer> bracket = new Bracket<>(
                Mono.just("resource"),
                resource -> {
                    throw new IllegalStateException("function");
                },
                resource -> note("complete"),
                resource -> note("give up"));

        StepVerifier.create(bracket).verifyErrorMessage("function");
        assertThat(calls).containsExactly("give up");
    }

    @Test
    void reportsTheErrorOfItsCompletionAndGivesUp() {
        Flux<Integer> bracket = new Bracket<>(
                Mono.just("resource"),
                resource -> Flux.just(1),
                resource -> Mono.error(new IllegalStateException("completion")),
                resource -> note("give up"));

        StepVerifier.create(bracket).expectNext(1).verifyErrorMessage("completion");
        assertThat(calls).containsExactly("give up");
    }

    @Test
    void suppressesTheErrorOfGivingUpOntoItsCause() {
        Flux<Integer> bracket = new Bracket<>(
                Mono.just("resource"),
                resource -> Flux.error(new IllegalStateException("work")),
                resource -> note("complete"),
                resource -> Mono.error(new IllegalStateException("giving up")));

        StepVerifier.create(bracket).verifyErrorSatisfies(error -> {
            assertThat(error).hasMessage("work");
            assertThat(error.getSuppressed()).extracting(Throwable::getMessage).containsExactly("giving up");
        });
    }

    @Test
    void givesUpWhenItIsCancelled() {
        StepVerifier.create(bracket(Flux.never())).thenCancel().verify();

        assertThat(calls).containsExactly("give up");
    }

    @Test
    void givesAResourceUpThatArrivesBehindACancellation() {
        Sinks.One<String> resource = Sinks.one();
        Disposable running = new Bracket<String, Integer>(
                        resource.asMono(),
                        arrived -> Flux.never(),
                        arrived -> note("complete"),
                        arrived -> note("give up " + arrived))
                .subscribe();

        running.dispose();
        assertThat(calls).isEmpty();
        resource.tryEmitValue("late");

        assertThat(calls).containsExactly("give up late");
    }

    @Test
    void givesUpAgainWhileThereIsNoMemoryForIt() {
        AtomicInteger attempts = new AtomicInteger();
        Flux<Integer> bracket = new Bracket<>(
                Mono.just("resource"),
                resource -> Flux.error(new IllegalStateException("work")),
                resource -> note("complete"),
                resource -> {
                    if (attempts.incrementAndGet() < 3) {
                        throw new OutOfMemoryError("thrown by a test");
                    }
                    return note("give up");
                });

        StepVerifier.create(bracket).expectErrorMessage("work").verify(PATIENCE);
        assertThat(calls).containsExactly("give up");
    }

    @Test
    void reachesASubscriberThatThrows() throws InterruptedException {
        CountDownLatch failed = new CountDownLatch(1);
        bracket(Flux.just(1, 2))
                .map(element -> {
                    if (element == 1) {
                        throw new OutOfMemoryError("thrown by a test");
                    }
                    return element;
                })
                .subscribe(element -> {}, error -> failed.countDown());

        assertThat(failed.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(calls).containsExactly("give up");
    }
}
