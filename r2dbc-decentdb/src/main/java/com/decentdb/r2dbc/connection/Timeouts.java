package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Bounds of waiting. The fallback runs on a worker, never on the timer's. */
public final class Timeouts {

    /** How long the answer to a ping may take where statements have no bound. */
    static final Duration OF_PING = Duration.ofSeconds(10);

    /** Unlike Reactor's own timer its thread ends when nothing waits. */
    private static final Scheduler TIMER = Schedulers.fromExecutorService(DriverThreads.TIMER);

    private enum Outcome {
        OPEN,
        IN_TIME,
        TOO_LATE
    }

    private Timeouts() {}

    /** The value, or {@code otherwise} if it does not come in time; then its source is cancelled. */
    static <T> Mono<T> within(Duration timeout, Executor delivery, Mono<T> value, Mono<T> otherwise) {
        return value.timeout(timer(timeout, delivery), otherwise);
    }

    /** Fails if there is no first element in time; one that comes at that very moment is given up. */
    public static <T> Flux<T> firstWithin(
            Duration timeout,
            Executor delivery,
            Flux<T> elements,
            Consumer<? super T> giveUp,
            Supplier<R2dbcException> error) {
        return Flux.defer(() -> {
            AtomicReference<@Nullable T> first = new AtomicReference<>();
            AtomicReference<Outcome> outcome = new AtomicReference<>(Outcome.OPEN);
            Flux<T> failure = Flux.defer(() -> {
                T dropped = first.get();
                if (outcome.getAndSet(Outcome.TOO_LATE) == Outcome.IN_TIME && dropped != null) {
                    giveUp.accept(dropped);
                }
                return Flux.error(error.get());
            });
            return elements.doOnNext(element -> {
                        first.compareAndSet(null, element);
                        boolean inTime = outcome.compareAndSet(Outcome.OPEN, Outcome.IN_TIME);
                        if (!inTime && outcome.get() == Outcome.TOO_LATE) {
                            giveUp.accept(element);
                        }
                    })
                    .timeout(timer(timeout, delivery), response -> Mono.never(), failure);
        });
    }

    /** The error of a statement whose first response does not come in time. */
    static R2dbcException late(Duration timeout, boolean stopped, String sql) {
        return Errors.of(
                "57014",
                "The statement gave no response within " + timeout.toMillis() + " ms. If it had been started it "
                        + (stopped
                                ? "was stopped, and a transaction in which it had begun to write is lost; outside one a write"
                                        + " that was about to be committed may have been"
                                : "runs on; outside a transaction a write may still be committed"),
                sql);
    }

    private static Mono<Long> timer(Duration timeout, Executor delivery) {
        return Mono.delay(timeout, TIMER).publishOn(Schedulers.fromExecutor(delivery));
    }

    /** Refuses a bound that is missing or negative. */
    static void require(Duration timeout, String what) {
        if (timeout == null || timeout.isNegative()) {
            throw new IllegalArgumentException("The " + what + " must not be null or negative, it is " + timeout);
        }
    }
}
