package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.delivery.threads.Task;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The time until something ends, once: what depends on it completes or fails then, every part of it, whatever a subscriber throws. Neither the
 * end nor any signal takes memory, but for the error. Thread-safe.
 */
public final class Lifetime {

    // Guarded by this.
    private @Nullable Bounded<?> latest;
    private boolean over;

    /** The signals of a source, which is cancelled and completed when this ends. */
    public <T> Flux<T> bound(Flux<T> source) {
        return bound(source, () -> null);
    }

    /**
     * The signals of a source, which is cancelled when this ends.
     *
     * @param reason the error of the subscriber then, which must not throw; null to complete it
     */
    public <T> Flux<T> bound(Flux<T> source, Supplier<? extends @Nullable Throwable> reason) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super T> subscriber) {
                new Bounded<T>(Lifetime.this, subscriber, reason).begin(source);
            }
        };
    }

    /** Ends it; completes those that depend on it, on this thread. Idempotent. */
    public void end() {
        Bounded<?> next;
        while ((next = takeLatest()) != null) {
            Task.runSafely(next);
        }
    }

    private synchronized @Nullable Bounded<?> takeLatest() {
        over = true;
        Bounded<?> taken = latest;
        if (taken != null) {
            remove(taken);
        }
        return taken;
    }

    private synchronized boolean add(Bounded<?> bounded) {
        if (over) {
            return false;
        }
        Bounded<?> before = latest;
        bounded.before = before;
        if (before != null) {
            before.behind = bounded;
        }
        bounded.depends = true;
        latest = bounded;
        return true;
    }

    private synchronized void remove(Bounded<?> bounded) {
        if (!bounded.depends) {
            return;
        }
        bounded.depends = false;
        Bounded<?> before = bounded.before;
        Bounded<?> behind = bounded.behind;
        if (before != null) {
            before.behind = behind;
        }
        if (behind == null) {
            latest = before;
        } else {
            behind.before = before;
        }
        bounded.before = null;
        bounded.behind = null;
    }

    /** One subscription, and its place among those that depend on the same. */
    private static final class Bounded<T> extends Operators.DeferredSubscription
            implements CoreSubscriber<T>, Runnable {

        private final Lifetime lifetime;
        private final CoreSubscriber<? super T> subscriber;
        private final Supplier<? extends @Nullable Throwable> reason;
        /** How many signals are under way; the thread of the first of them delivers the last signal. */
        private final AtomicInteger signals = new AtomicInteger();

        private final AtomicBoolean ended = new AtomicBoolean();
        private volatile @Nullable Throwable failure;

        // Guarded by the lifetime.
        private @Nullable Bounded<?> before;
        private @Nullable Bounded<?> behind;
        private boolean depends;

        Bounded(
                Lifetime lifetime,
                CoreSubscriber<? super T> subscriber,
                Supplier<? extends @Nullable Throwable> reason) {
            this.lifetime = lifetime;
            this.subscriber = subscriber;
            this.reason = reason;
        }

        void begin(Flux<T> source) {
            subscriber.onSubscribe(this);
            if (!lifetime.add(this)) {
                finish(reason.get());
                return;
            }
            if (ended.get()) {
                // It was cancelled before it was there to be removed.
                lifetime.remove(this);
                return;
            }
            try {
                source.subscribe(this);
            } catch (Throwable e) {
                breakOff(e);
            }
        }

        /** The lifetime has ended. */
        @Override
        public void run() {
            breakOff(reason.get());
        }

        private void breakOff(@Nullable Throwable error) {
            try {
                super.cancel();
            } finally {
                finish(error);
            }
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            set(subscription);
        }

        @Override
        public void onNext(T element) {
            if (signals.getAndIncrement() != 0) {
                Operators.onDiscard(element, currentContext());
                return;
            }
            try {
                subscriber.onNext(element);
            } catch (Throwable e) {
                // The subscriber threw. It may have operators behind it that wait for an end.
                breakOff(e);
            }
            if (signals.decrementAndGet() != 0) {
                deliverEnd();
            }
        }

        @Override
        public void onError(Throwable error) {
            if (!finish(error)) {
                Operators.onErrorDropped(error, currentContext());
            }
        }

        @Override
        public void onComplete() {
            finish(null);
        }

        @Override
        public void cancel() {
            ended.set(true);
            lifetime.remove(this);
            super.cancel();
        }

        /** Notes the last signal, which follows one that is under way; false if there was another. */
        private boolean finish(@Nullable Throwable error) {
            if (!ended.compareAndSet(false, true)) {
                return false;
            }
            failure = error;
            lifetime.remove(this);
            if (signals.getAndIncrement() == 0) {
                deliverEnd();
            }
            return true;
        }

        private void deliverEnd() {
            Throwable error = failure;
            if (error == null) {
                Exchange.complete(subscriber);
            } else {
                Exchange.fail(subscriber, error);
            }
        }

        @Override
        public Context currentContext() {
            return subscriber.currentContext();
        }
    }
}
