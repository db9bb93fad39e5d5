package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.transport.Errors;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Subscribes to its source with the first demand, and maps its elements. Most operators that combine publishers start the first
 * one at once, even before their own subscriber asked for anything.
 */
public abstract class OnDemand<S, T> extends Flux<T> {

    /** The publisher to subscribe to now. */
    protected abstract Publisher<S> source();

    protected abstract T map(S element);

    /** Releases an element that reaches no subscriber. */
    protected abstract void discard(S element);

    public static <T> Flux<T> flux(Supplier<? extends Publisher<T>> source) {
        return flux(source, Function.identity(), element -> {});
    }

    /**
     * The mapped elements of a source.
     *
     * @param discard releases an element that reaches no subscriber
     */
    public static <S, T> Flux<T> flux(
            Supplier<? extends Publisher<S>> source,
            Function<? super S, ? extends T> mapping,
            Consumer<? super S> discard) {
        return new OnDemand<S, T>() {
            @Override
            protected Publisher<S> source() {
                return source.get();
            }

            @Override
            protected T map(S element) {
                return mapping.apply(element);
            }

            @Override
            protected void discard(S element) {
                discard.accept(element);
            }
        };
    }

    public static <T> Mono<T> mono(Supplier<Mono<T>> source) {
        return Mono.fromDirect(flux(source));
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> subscriber) {
        subscriber.onSubscribe(new Gate<>(this, subscriber));
    }

    private static final class Gate<S, T> extends Operators.DeferredSubscription implements CoreSubscriber<S> {

        @SuppressWarnings("rawtypes")
        private static final AtomicIntegerFieldUpdater<Gate> STARTED =
                AtomicIntegerFieldUpdater.newUpdater(Gate.class, "started");

        private final OnDemand<S, T> flux;
        private final CoreSubscriber<? super T> subscriber;
        private volatile int started;
        private boolean failed;

        Gate(OnDemand<S, T> flux, CoreSubscriber<? super T> subscriber) {
            this.flux = flux;
            this.subscriber = subscriber;
        }

        @Override
        public void request(long n) {
            if (n > 0) {
                super.request(n);
                if (started == 0 && !isCancelled() && STARTED.compareAndSet(this, 0, 1)) {
                    start();
                }
            } else if (STARTED.compareAndSet(this, 0, 1)) {
                subscriber.onError(new IllegalArgumentException("Demand must be positive, not " + n));
            } else {
                super.request(n);
            }
        }

        private void start() {
            Publisher<S> publisher;
            try {
                publisher = flux.source();
            } catch (Throwable e) {
                onError(Operators.onOperatorError(Errors.signal(e), currentContext()));
                return;
            }
            try {
                publisher.subscribe(this);
            } catch (Throwable e) {
                breakOff(e);
            }
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            set(subscription);
        }

        @Override
        public void onNext(S element) {
            if (isCancelled()) {
                flux.discard(element);
                return;
            }
            T mapped;
            try {
                mapped = flux.map(element);
            } catch (Throwable e) {
                flux.discard(element);
                breakOff(e);
                return;
            }
            try {
                subscriber.onNext(mapped);
            } catch (Throwable e) {
                // The subscriber threw. It may have operators behind it that wait for an end.
                flux.discard(element);
                breakOff(e);
            }
        }

        /** Ends the subscription from between its source and its subscriber. */
        private void breakOff(Throwable error) {
            try {
                cancel();
            } finally {
                onError(error);
            }
        }

        @Override
        public void onError(Throwable error) {
            if (failed) {
                Operators.onErrorDropped(error, currentContext());
            } else {
                failed = true;
                Exchange.fail(subscriber, error);
            }
        }

        @Override
        public void onComplete() {
            if (!failed) {
                Exchange.complete(subscriber);
            }
        }

        @Override
        public Context currentContext() {
            return subscriber.currentContext();
        }
    }
}
