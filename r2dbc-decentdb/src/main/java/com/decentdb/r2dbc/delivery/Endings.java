package com.decentdb.r2dbc.delivery;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Blocks of a connection that were cancelled and are not over yet, which nobody is told. What is asked for behind them waits: it must
 * become part of no transaction that is about to be rolled back. Thread-safe.
 */
public final class Endings {

    private final Executor delivery;
    private final Queue<Exchange<Void>> waiting = new ArrayDeque<>();
    /** Written under this. */
    private volatile int blocks;

    public Endings(Executor delivery) {
        this.delivery = delivery;
    }

    /** A block was cancelled. Allocates nothing. */
    synchronized void began() {
        blocks++;
    }

    /** A block is over. */
    void ended() {
        synchronized (this) {
            blocks--;
        }
        for (Exchange<Void> next = free(); next != null; next = free()) {
            next.answer(null);
        }
    }

    private synchronized @Nullable Exchange<Void> free() {
        return blocks > 0 ? null : waiting.poll();
    }

    /** Whether there are none. */
    boolean none() {
        return blocks <= 0;
    }

    /** Calls the supplier when there are none; at once if that is so. */
    public <T> Mono<T> behind(Supplier<Mono<T>> next) {
        return none() ? next.get() : over().then(Mono.defer(next));
    }

    /** Calls the supplier when there are none; at once if that is so. */
    public <T> Flux<T> manyBehind(Supplier<? extends Publisher<T>> next) {
        return none() ? Flux.from(next.get()) : over().thenMany(Flux.defer(next));
    }

    private Mono<Void> over() {
        return Exchange.mono(delivery, exchange -> {
            exchange.start();
            if (none() || !waits(exchange)) {
                exchange.answer(null);
            }
        });
    }

    private synchronized boolean waits(Exchange<Void> exchange) {
        return blocks > 0 && waiting.add(exchange);
    }
}
