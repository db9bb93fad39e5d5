package com.decentdb.r2dbc.delivery;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Subscribes to its source with the first demand. Most operators that combine publishers start the first one at once, even
 * before their own subscriber asked for anything.
 */
public final class OnDemand<T> extends Flux<T> {

    private final Supplier<? extends Publisher<T>> source;

    private OnDemand(Supplier<? extends Publisher<T>> source) {
        this.source = source;
    }

    public static <T> Flux<T> flux(Supplier<Flux<T>> source) {
        return new OnDemand<>(source);
    }

    public static <T> Mono<T> mono(Supplier<Mono<T>> source) {
        return Mono.fromDirect(new OnDemand<>(source));
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> subscriber) {
        subscriber.onSubscribe(new Gate<>(source, subscriber));
    }

    private static final class Gate<T> extends Operators.DeferredSubscription implements CoreSubscriber<T> {

        private final Supplier<? extends Publisher<T>> source;
        private final CoreSubscriber<? super T> subscriber;
        private final AtomicBoolean started = new AtomicBoolean();

        Gate(Supplier<? extends Publisher<T>> source, CoreSubscriber<? super T> subscriber) {
            this.source = source;
            this.subscriber = subscriber;
        }

        @Override
        public void request(long n) {
            if (n > 0) {
                super.request(n);
                if (!isCancelled() && started.compareAndSet(false, true)) {
                    Flux.<T>defer(source).subscribe(this);
                }
            } else if (started.compareAndSet(false, true)) {
                subscriber.onError(new IllegalArgumentException("Demand must be positive, not " + n));
            } else {
                super.request(n);
            }
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            set(subscription);
        }

        @Override
        public void onNext(T element) {
            subscriber.onNext(element);
        }

        @Override
        public void onError(Throwable error) {
            subscriber.onError(error);
        }

        @Override
        public void onComplete() {
            subscriber.onComplete();
        }

        @Override
        public Context currentContext() {
            return subscriber.currentContext();
        }
    }
}
