package com.decentdb.r2dbc.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeWatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/** One subscriber of one watch. The native watch is touched by the hub's thread alone. */
final class WatchSubscription implements Subscription {

    /** Events on their way to a subscriber that asked for more than it takes; beyond that the engine keeps them. */
    private static final int MAX_UNDELIVERED = 64;

    private final WatchHub hub;
    private final Function<NativeDatabase, NativeWatch> factory;
    private final Executor delivery;
    private final CoreSubscriber<? super String> subscriber;
    private final AtomicLong demand = new AtomicLong();
    private final AtomicBoolean opened = new AtomicBoolean();
    private final AtomicBoolean terminated = new AtomicBoolean();
    private final AtomicInteger undelivered = new AtomicInteger();
    private volatile boolean cancelled;
    private @Nullable NativeWatch watch;

    WatchSubscription(
            WatchHub hub,
            Function<NativeDatabase, NativeWatch> factory,
            Executor delivery,
            CoreSubscriber<? super String> subscriber) {
        this.hub = hub;
        this.factory = factory;
        this.delivery = delivery;
        this.subscriber = subscriber;
    }

    Function<NativeDatabase, NativeWatch> factory() {
        return factory;
    }

    @Override
    public void request(long n) {
        if (!Operators.validate(n)) {
            return;
        }
        demand.getAndAccumulate(n, Operators::addCap);
        if (opened.compareAndSet(false, true)) {
            hub.open(this);
        } else {
            hub.nudge();
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        if (opened.get()) {
            hub.close(this);
        }
    }

    /** Takes the watch over; false if it was cancelled meanwhile, then the watch is closed. */
    boolean adopt(NativeWatch created) {
        watch = created;
        if (cancelled) {
            closeWatch();
            return false;
        }
        return true;
    }

    /** Hands on what there is and is wanted; true if there may be more. */
    boolean poll() {
        NativeWatch open = watch;
        while (open != null && wanted()) {
            String event = open.next(0);
            if (event == null) {
                return false;
            }
            if (demand.get() != Long.MAX_VALUE) {
                demand.decrementAndGet();
            }
            undelivered.incrementAndGet();
            delivery.execute(() -> deliver(event));
        }
        return false;
    }

    private boolean wanted() {
        return !cancelled && demand.get() > 0 && undelivered.get() < MAX_UNDELIVERED;
    }

    private void deliver(String event) {
        if (!cancelled) {
            subscriber.onNext(event);
        }
        if (undelivered.getAndDecrement() == MAX_UNDELIVERED) {
            hub.nudge();
        }
    }

    void complete() {
        if (terminated.compareAndSet(false, true)) {
            delivery.execute(() -> {
                if (!cancelled) {
                    subscriber.onComplete();
                }
            });
        }
        closeWatch();
    }

    void fail(Throwable error) {
        if (terminated.compareAndSet(false, true)) {
            delivery.execute(() -> {
                if (!cancelled) {
                    subscriber.onError(error);
                }
            });
        }
        closeWatch();
    }

    void closeWatch() {
        NativeWatch open = watch;
        watch = null;
        if (open != null) {
            open.close();
        }
    }
}
