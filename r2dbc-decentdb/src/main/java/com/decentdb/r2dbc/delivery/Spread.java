package com.decentdb.r2dbc.delivery;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The elements of a list that arrives as one, in order and as they are asked for. It takes no memory from the arrival on: an operator of
 * Reactor that finds none for an iterator throws, and keeps whatever signal comes next.
 */
public final class Spread<T> extends Flux<T> {

    private final Mono<List<T>> list;
    private final Consumer<? super T> release;

    private Spread(Mono<List<T>> list, Consumer<? super T> release) {
        this.list = list;
        this.release = release;
    }

    /** The elements of a list that hold nothing. */
    public static <T> Flux<T> of(Mono<List<T>> list) {
        return of(list, element -> {});
    }

    /**
     * The elements of a list.
     *
     * @param release disposes of an element that reaches no subscriber; must not throw
     */
    public static <T> Flux<T> of(Mono<List<T>> list, Consumer<? super T> release) {
        return new Spread<>(list, release);
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> subscriber) {
        list.subscribe(new Elements<>(subscriber, release));
    }

    private static final class Elements<T> extends SerializedDrain implements CoreSubscriber<List<T>>, Subscription {

        private final CoreSubscriber<? super T> subscriber;
        private final Consumer<? super T> release;
        private final AtomicLong demand = new AtomicLong();
        private volatile Subscription source = Operators.emptySubscription();
        private volatile @Nullable List<T> elements;
        private volatile @Nullable Throwable failure;
        /** Whether the source has given its last signal. */
        private volatile boolean ended;

        private volatile boolean cancelled;

        // Confined to the drain.
        private int next;
        private boolean over;

        Elements(CoreSubscriber<? super T> subscriber, Consumer<? super T> release) {
            super(Runnable::run);
            this.subscriber = subscriber;
            this.release = release;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            source = subscription;
            subscriber.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            if (Operators.validate(n) && demand.getAndAccumulate(n, Operators::addCap) == 0) {
                source.request(Long.MAX_VALUE);
                drain();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            source.cancel();
            drain();
        }

        @Override
        public void onNext(List<T> arrived) {
            elements = arrived;
            drain();
        }

        @Override
        public void onError(Throwable error) {
            failure = error;
            onComplete();
        }

        @Override
        public void onComplete() {
            ended = true;
            drain();
        }

        @Override
        protected void step() {
            try {
                emit();
            } catch (Throwable e) {
                // The subscriber threw. It may have operators behind it that wait for an end.
                end(e);
            }
        }

        private void emit() {
            List<T> all = elements;
            int size = all == null ? 0 : all.size();
            while (!over && !cancelled && all != null && next < size && demand.get() > 0) {
                subscriber.onNext(all.get(next));
                next++;
                if (demand.get() != Long.MAX_VALUE) {
                    demand.decrementAndGet();
                }
            }
            if (cancelled || (ended && next >= size)) {
                end(failure);
            }
        }

        private void end(@Nullable Throwable error) {
            boolean first = !over;
            over = true;
            source.cancel();
            try {
                releaseRest();
            } finally {
                if (first && !cancelled) {
                    signalEnd(error);
                }
            }
        }

        private void signalEnd(@Nullable Throwable error) {
            if (error == null) {
                Exchange.complete(subscriber);
            } else {
                Exchange.fail(subscriber, error);
            }
        }

        private void releaseRest() {
            List<T> all = elements;
            elements = null;
            while (all != null && next < all.size()) {
                release.accept(all.get(next++));
            }
        }

        @Override
        public Context currentContext() {
            return subscriber.currentContext();
        }
    }
}
