package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.api.LiveResult.Reason;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.SerializedDrain;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Runs a query whenever its watch says that its result may have changed: one run at a time, no sooner after the last run
 * than an interval, and only when there is demand, so that no element is older than the demand for it.
 */
final class LiveQueryFlux<E> extends Flux<E> {

    /** The reason for a run, of all events since the last run together. */
    record Trigger(Reason reason, Set<String> tables) {

        private static Trigger of(WatchedEvent event, boolean first) {
            return switch (event.type()) {
                case INITIAL -> new Trigger(first ? Reason.INITIAL : Reason.SCHEMA_CHANGED, Set.of());
                case LAGGED -> new Trigger(Reason.LAGGED, Set.of());
                case COMMIT ->
                    new Trigger(
                            event.schemaChanged() ? Reason.SCHEMA_CHANGED : Reason.CHANGED, Set.copyOf(event.tables()));
            };
        }

        private Trigger and(Trigger next) {
            Set<String> all = new LinkedHashSet<>(tables);
            all.addAll(next.tables);
            return new Trigger(reason.compareTo(next.reason) <= 0 ? reason : next.reason, Set.copyOf(all));
        }
    }

    private final Flux<WatchedEvent> watch;
    private final Supplier<Function<Trigger, Mono<E>>> runs;
    private final Duration interval;
    private final Executor delivery;

    /**
     * Creates a live query.
     *
     * @param delivery runs the subscriber's signals
     * @param runs gives each subscriber a function that runs the query; an empty Mono if there is nothing to emit
     */
    LiveQueryFlux(
            Flux<WatchedEvent> watch, Supplier<Function<Trigger, Mono<E>>> runs, Duration interval, Executor delivery) {
        this.watch = watch;
        this.delivery = delivery;
        this.runs = runs;
        this.interval = interval;
    }

    @Override
    public void subscribe(CoreSubscriber<? super E> subscriber) {
        watch.subscribe(new LiveSubscription<>(subscriber, runs.get(), interval.toNanos(), delivery));
    }

    private static final class LiveSubscription<E> implements CoreSubscriber<WatchedEvent>, Subscription {

        private enum State {
            /** The query runs as soon as there is a reason and demand. */
            IDLE,
            /** The query runs, or waits for the end of the interval. */
            WORKING,
            /** The subscriber cancelled, or got its last signal. */
            OVER
        }

        private final CoreSubscriber<? super E> subscriber;
        private final Function<Trigger, Mono<E>> run;
        private final long interval;
        private final SerializedDrain drain;
        private final AtomicLong requested = new AtomicLong();
        private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
        private final AtomicReference<@Nullable Trigger> pending = new AtomicReference<>();
        private final AtomicReference<@Nullable E> result = new AtomicReference<>();
        /** The error that ends it, or {@link Exceptions#TERMINATED} for completion. */
        private final AtomicReference<@Nullable Throwable> end = new AtomicReference<>();

        private final Disposable.Swap work = Disposables.swap();

        private volatile long lastRun;
        private boolean begun;
        private @Nullable Subscription watch;

        LiveSubscription(
                CoreSubscriber<? super E> subscriber,
                Function<Trigger, Mono<E>> run,
                long interval,
                Executor delivery) {
            this.subscriber = subscriber;
            this.run = run;
            this.interval = interval;
            this.drain = SerializedDrain.of(delivery, this::step);
            this.lastRun = System.nanoTime() - interval;
        }

        @Override
        public Context currentContext() {
            return subscriber.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            watch = subscription;
            subscriber.onSubscribe(this);
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(WatchedEvent event) {
            Trigger trigger = Trigger.of(event, !begun);
            begun = true;
            pending.accumulateAndGet(trigger, (all, next) -> all == null || next == null ? next : all.and(next));
            drain.drain();
        }

        @Override
        public void onError(Throwable error) {
            end(error);
        }

        @Override
        public void onComplete() {
            end(Exceptions.TERMINATED);
        }

        @Override
        public void request(long n) {
            if (Operators.validate(n)) {
                requested.getAndAccumulate(n, Operators::addCap);
                drain.drain();
            }
        }

        @Override
        public void cancel() {
            state.set(State.OVER);
            stop();
        }

        private void stop() {
            Subscription upstream = watch;
            if (upstream != null) {
                upstream.cancel();
            }
            work.dispose();
        }

        private void end(Throwable error) {
            end.compareAndSet(null, error);
            drain.drain();
        }

        private void step() {
            try {
                emitOrWork();
            } catch (Throwable e) {
                // The subscriber threw. It may have operators behind it that wait for an end.
                finish(e);
            }
        }

        private void emitOrWork() {
            if (state.get() == State.OVER) {
                return;
            }
            E element = result.getAndSet(null);
            if (element != null) {
                if (requested.get() != Long.MAX_VALUE) {
                    requested.decrementAndGet();
                }
                subscriber.onNext(element);
            }
            Throwable reason = end.get();
            if (reason != null) {
                finish(reason);
            } else if (pending.get() != null && requested.get() > 0 && state.compareAndSet(State.IDLE, State.WORKING)) {
                work();
            }
        }

        private void finish(Throwable reason) {
            if (state.getAndSet(State.OVER) == State.OVER) {
                return;
            }
            try {
                stop();
            } finally {
                if (reason == Exceptions.TERMINATED) {
                    Exchange.complete(subscriber);
                } else {
                    Exchange.fail(subscriber, reason);
                }
            }
        }

        /** Runs the query, or waits until it may be run. */
        private void work() {
            long rest = interval - (System.nanoTime() - lastRun);
            if (rest > 0) {
                work.update(Mono.delay(Duration.ofNanos(rest)).subscribe(now -> rested()));
                return;
            }
            Trigger trigger = pending.getAndSet(null);
            if (trigger == null) {
                throw new IllegalStateException("There is no reason for a run");
            }
            work.update(run.apply(trigger).subscribe(result::set, this::end, this::ran, currentContext()));
        }

        private void ran() {
            lastRun = System.nanoTime();
            rested();
        }

        private void rested() {
            state.compareAndSet(State.WORKING, State.IDLE);
            drain.drain();
        }
    }
}
