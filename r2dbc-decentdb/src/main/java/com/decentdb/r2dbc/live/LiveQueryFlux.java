package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.api.LiveResult.Reason;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Runs a query whenever its watch says that its result may be another one: one run at a time, no sooner after the last
 * one than an interval, and only when an element is wanted, so that what is emitted is never older than the demand for it.
 */
final class LiveQueryFlux<E> extends Flux<E> {

    /** Why to run, everything since the last run together. */
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
     * @param runs gives each subscriber what runs the query for it; an empty Mono if there is nothing to emit
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

        private final CoreSubscriber<? super E> subscriber;
        private final Function<Trigger, Mono<E>> run;
        private final long interval;
        private final Executor delivery;
        private final AtomicLong requested = new AtomicLong();
        private final AtomicInteger entered = new AtomicInteger();
        private final AtomicReference<@Nullable Trigger> pending = new AtomicReference<>();
        private final AtomicReference<@Nullable E> result = new AtomicReference<>();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private final Disposable.Swap work = Disposables.swap();

        private volatile boolean working;
        private volatile boolean ended;
        private volatile boolean cancelled;
        private volatile long lastRun;
        private boolean begun;
        private boolean ran;
        private boolean over;
        private @Nullable Subscription watch;

        LiveSubscription(
                CoreSubscriber<? super E> subscriber,
                Function<Trigger, Mono<E>> run,
                long interval,
                Executor delivery) {
            this.subscriber = subscriber;
            this.run = run;
            this.interval = interval;
            this.delivery = delivery;
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
            drain();
        }

        @Override
        public void onError(Throwable error) {
            fail(error);
        }

        @Override
        public void onComplete() {
            ended = true;
            drain();
        }

        @Override
        public void request(long n) {
            if (Operators.validate(n)) {
                requested.getAndAccumulate(n, Operators::addCap);
                drain();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            stop();
        }

        private void stop() {
            Subscription upstream = watch;
            if (upstream != null) {
                upstream.cancel();
            }
            work.dispose();
        }

        private void fail(Throwable error) {
            failure.compareAndSet(null, error);
            drain();
        }

        private void drain() {
            if (entered.getAndIncrement() == 0) {
                delivery.execute(this::steps);
            }
        }

        private void steps() {
            int missed = 1;
            do {
                step();
                missed = entered.addAndGet(-missed);
            } while (missed != 0);
        }

        private void step() {
            if (over || cancelled) {
                return;
            }
            E element = result.getAndSet(null);
            if (element != null) {
                if (requested.get() != Long.MAX_VALUE) {
                    requested.decrementAndGet();
                }
                subscriber.onNext(element);
            }
            Throwable error = failure.get();
            if (error != null) {
                over = true;
                stop();
                subscriber.onError(error);
            } else if (ended) {
                over = true;
                stop();
                subscriber.onComplete();
            } else if (!working && pending.get() != null && requested.get() > 0 && !cancelled) {
                work();
            }
        }

        /** Runs the query, or waits until it may be run. */
        private void work() {
            working = true;
            long rest = ran ? interval - (System.nanoTime() - lastRun) : 0;
            if (rest > 0) {
                work.update(Mono.delay(Duration.ofNanos(rest)).subscribe(now -> {
                    working = false;
                    drain();
                }));
                return;
            }
            Trigger trigger = pending.getAndSet(null);
            if (trigger == null) {
                throw new IllegalStateException("Nothing to run for");
            }
            ran = true;
            work.update(run.apply(trigger).subscribe(result::set, this::fail, this::rested, currentContext()));
        }

        private void rested() {
            lastRun = System.nanoTime();
            working = false;
            drain();
        }
    }
}
