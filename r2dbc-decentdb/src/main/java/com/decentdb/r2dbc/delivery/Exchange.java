package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * One request handed to a lane and its one answer handed back on the delivery executor. Starts with the first
 * demand. A request cancelled or expired while it waits is never run; the answer to one cancelled later is released.
 */
public final class Exchange<T> implements Subscription, WaitQueue.Waiter, Runnable {

    private static final AtomicIntegerFieldUpdater<Exchange<?>> STATE = updater();

    private static final int IDLE = 0;
    private static final int WAITING = 1;
    private static final int RUNNING = 2;
    private static final int ANSWERED = 3;
    private static final int OVER = 4;

    private @Nullable CoreSubscriber<? super T> subscriber;
    private final Executor delivery;
    private final Consumer<? super T> release;
    private final Consumer<Exchange<T>> submit;
    private volatile int state;
    private volatile @Nullable Runnable onCancel;
    private long deadline = NEVER;
    private @Nullable Supplier<R2dbcException> timeout;
    private @Nullable T answer;
    private @Nullable Throwable failure;

    private Exchange(
            CoreSubscriber<? super T> subscriber,
            Executor delivery,
            Consumer<? super T> release,
            Consumer<Exchange<T>> submit) {
        this.subscriber = subscriber;
        this.delivery = delivery;
        this.release = release;
        this.submit = submit;
    }

    /**
     * A cold Mono of the answer to a request.
     *
     * @param delivery runs the subscriber's signals
     * @param release disposes of an answer whose subscriber cancelled
     * @param submit passes the request on; may run on any thread and must not block
     */
    public static <T> Mono<T> mono(Executor delivery, Consumer<? super T> release, Consumer<Exchange<T>> submit) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super T> subscriber) {
                subscriber.onSubscribe(new Exchange<>(subscriber, delivery, release, submit));
            }
        };
    }

    /** Like {@link #mono(Executor, Consumer, Consumer)} for answers that hold nothing. */
    public static <T> Mono<T> mono(Executor delivery, Consumer<Exchange<T>> submit) {
        return mono(delivery, ignored -> {}, submit);
    }

    /** Bounds the time this request may wait; to be called before it is queued. */
    public void expiresAt(long deadlineNanos, Supplier<R2dbcException> error) {
        deadline = deadlineNanos;
        timeout = error;
    }

    /** Runs {@code action} if the request is cancelled while it waits, at once if it already is. */
    public void onCancel(Runnable action) {
        onCancel = action;
        if (state == OVER) {
            action.run();
        }
    }

    /** Claims the request for execution; false if its subscriber cancelled. */
    public boolean start() {
        return STATE.compareAndSet(this, WAITING, RUNNING);
    }

    /** Lets a started request wait again, for another thread to claim; false if it was cancelled meanwhile. */
    public boolean putBack() {
        return STATE.compareAndSet(this, RUNNING, WAITING);
    }

    /** Answers a started request. */
    public void answer(@Nullable T value) {
        answer = value;
        if (STATE.compareAndSet(this, RUNNING, ANSWERED)) {
            delivery.execute(this);
        } else if (value != null) {
            release.accept(value);
        }
    }

    /** Fails the request, started or not. */
    public void fail(Throwable error) {
        failure = error;
        if (STATE.compareAndSet(this, RUNNING, ANSWERED) || STATE.compareAndSet(this, WAITING, ANSWERED)) {
            delivery.execute(this);
        }
    }

    @Override
    public boolean waiting() {
        return state == WAITING;
    }

    @Override
    public long deadline() {
        return deadline;
    }

    @Override
    public void expire() {
        Supplier<R2dbcException> error = timeout;
        if (error != null && STATE.compareAndSet(this, WAITING, RUNNING)) {
            fail(error.get());
        }
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n) && STATE.compareAndSet(this, IDLE, WAITING)) {
            try {
                submit.accept(this);
            } catch (Throwable e) {
                fail(Errors.map(e, null));
            }
        }
    }

    @Override
    public void cancel() {
        int before = STATE.getAndSet(this, OVER);
        if (before == WAITING) {
            Runnable action = onCancel;
            if (action != null) {
                action.run();
            }
        } else if (before == ANSWERED && answer != null) {
            release.accept(answer);
        }
    }

    /** Delivers the answer; on the delivery executor. */
    @Override
    public void run() {
        CoreSubscriber<? super T> waiting = subscriber;
        T value = answer;
        if (waiting == null || !STATE.compareAndSet(this, ANSWERED, OVER)) {
            return;
        }
        // A reference to a request that is over must keep neither its subscriber nor its answer from being collected.
        subscriber = null;
        answer = null;
        Throwable error = failure;
        if (error != null) {
            waiting.onError(Errors.signal(error));
            return;
        }
        if (value != null) {
            try {
                waiting.onNext(value);
            } catch (Throwable e) {
                // The subscriber threw, and has not kept the answer. It may have operators behind it that wait for an
                // end.
                release.accept(value);
                waiting.onError(Errors.signal(e));
                return;
            }
        }
        waiting.onComplete();
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static AtomicIntegerFieldUpdater<Exchange<?>> updater() {
        return (AtomicIntegerFieldUpdater) AtomicIntegerFieldUpdater.newUpdater(Exchange.class, "state");
    }
}
