package com.decentdb.r2dbc.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class ExchangeTests {

    private final List<String> released = new ArrayList<>();
    private final List<Exchange<String>> submitted = new ArrayList<>();

    @Test
    void startsWithDemandAndDeliversTheAnswer() {
        StepVerifier.create(exchange(Runnable::run), 0)
                .then(() -> assertThat(submitted).isEmpty())
                .thenRequest(1)
                .then(() -> {
                    assertThat(submitted.get(0).start()).isTrue();
                    submitted.get(0).answer("answer");
                })
                .expectNext("answer")
                .verifyComplete();
        assertThat(released).isEmpty();
    }

    @Test
    void isNotRunAfterItWasCancelledWhileWaiting() {
        exchange(Runnable::run).subscribe().dispose();

        assertThat(submitted.get(0).start()).isFalse();
    }

    @Test
    void releasesAnAnswerThatComesTooLate() {
        var subscription = exchange(Runnable::run).subscribe();
        assertThat(submitted.get(0).start()).isTrue();
        subscription.dispose();
        submitted.get(0).answer("late");

        assertThat(released).containsExactly("late");
    }

    @Test
    void releasesAnAnswerCancelledOnItsWayToTheSubscriber() {
        List<Runnable> deliveries = new ArrayList<>();
        var subscription = exchange(deliveries::add).subscribe();
        assertThat(submitted.get(0).start()).isTrue();
        submitted.get(0).answer("on its way");
        subscription.dispose();
        deliveries.forEach(Runnable::run);

        assertThat(released).containsExactly("on its way");
    }

    @Test
    void answersOnce() {
        var values = new ArrayList<String>();
        exchange(Runnable::run).subscribe(values::add);
        assertThat(submitted.get(0).start()).isTrue();
        submitted.get(0).answer("first");
        submitted.get(0).answer("second");

        assertThat(values).containsExactly("first");
        assertThat(released).containsExactly("second");
    }

    @Test
    void anErrorAtTheHandOverReachesTheSubscriber() {
        Exchange.<String>mono(Runnable::run, exchange -> {
                    throw new OutOfMemoryError("injected");
                })
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("53200"));
    }

    @Test
    void anOperatorThatCannotGoOnGivesTheErrorToItsSubscriber() {
        Mono<String> unaffordable = new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super String> subscriber) {
                throw new OutOfMemoryError("injected");
            }
        };
        StepVerifier.create(exchange(Runnable::run).then(unaffordable))
                .then(() -> {
                    assertThat(submitted.get(0).start()).isTrue();
                    submitted.get(0).answer(null);
                })
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("53200"));
    }

    /** The error goes to an operator that would go on to another publisher, and finds no memory for that. */
    @Test
    void anOperatorThatCannotGoOnBehindAnErrorGivesThatToItsSubscriber() {
        StepVerifier.create(exchange(Runnable::run).onErrorResume(error -> {
                    throw new OutOfMemoryError("injected");
                }))
                .then(() -> submitted.get(0).fail(new IllegalStateException("failed")))
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("53200"));
        StepVerifier.create(OnDemand.flux(() -> Mono.error(new IllegalStateException("failed")))
                        .onErrorResume(error -> {
                            throw new OutOfMemoryError("injected");
                        }))
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("53200"));
    }

    private Mono<String> exchange(Executor delivery) {
        return Exchange.mono(delivery, released::add, submitted::add);
    }
}
