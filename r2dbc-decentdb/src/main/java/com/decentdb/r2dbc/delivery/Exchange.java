package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * One request handed to a lane and its one answer handed back on the delivery executor. Starts with the first
 * demand. A request cancelled or expired while it waits is never run; the answer to one cancelled later is released. Handing
 * the answer back takes no memory.
 */
public abstract class Exchange<T> extends Task implements Subscription, WaitQueue.Waiter {

    private static final AtomicIntegerFieldUpdater<Exchange<?>> STATE = updater();

    private static final int IDLE = 0;
    private static final int WAITING = 1;
    private static final int RUNNING = 2;
    private static final int ANSWERED = 3;
    private static final int OVER = 4;

    private @Nullable CoreSubscriber<? super T> subscriber;
    private final Executor delivery;
    private volatile int state;
    private volatile @Nullable Runnable onCancel;
    private long deadline = NEVER;
    private @Nullable Supplier<R2dbcException> timeout;
    private @Nullable T answer;
    private @Nullable Throwable failure;

    /**
     * A request that nobody has asked for yet.
     *
     * @param delivery runs the subscriber's signals
     */
    protected Exchange(CoreSubscriber<? super T> subscriber, Executor delivery) {
        this.subscriber = subscriber;
        this.delivery = delivery;
    }

    /** Passes the request on; may run on any thread and must not block. */
    protected abstract void submit();

    /** Disposes of an answer whose subscriber cancelled. */
    protected abstract void release(T late);

    /** The error of a request whose time is up; null if it has no end. */
    protected @Nullable R2dbcException lateness() {
        Supplier<R2dbcException> error = timeout;
        return error == null ? null : error.get();
    }

    /** The request was cancelled before it was answered. */
    protected void withdraw() {
        Runnable action = onCancel;
        if (action != null) {
            action.run();
        }
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
                subscriber.onSubscribe(new Request<>(subscriber, delivery, release, submit));
            }
        };
    }

    /** Like {@link #mono(Executor, Consumer, Consumer)}. */
    public static <T> Flux<T> flux(Executor delivery, Consumer<? super T> release, Consumer<Exchange<T>> submit) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super T> subscriber) {
                subscriber.onSubscribe(new Request<>(subscriber, delivery, release, submit));
            }
        };
    }

    /** Like {@link #mono(Executor, Consumer, Consumer)} for answers that hold nothing. */
    public static <T> Mono<T> mono(Executor delivery, Consumer<Exchange<T>> submit) {
        return mono(delivery, ignored -> {}, submit);
    }

    /**
     * A cold Mono of the end of something that others may wait for.
     *
     * @param work ends it and runs the given callback when that is done; repeated while there is no memory for it
     */
    public static Mono<Void> surely(Executor delivery, Consumer<Runnable> work) {
        return mono(delivery, exchange -> {
            Runnable whenDone = () -> exchange.answer(null);
            Persistent ending = Persistent.of(() -> work.accept(whenDone));
            exchange.start();
            ending.begin();
        });
    }

    /** Bounds the time this request may wait, with an error of {@link #lateness}. */
    protected final void expiresAt(long deadlineNanos) {
        deadline = deadlineNanos;
    }

    /** Bounds the time this request may wait; to be called before it is queued. */
    public void expiresAt(long deadlineNanos, Supplier<R2dbcException> error) {
        deadline = deadlineNanos;
        timeout = error;
    }

    /**
     * Runs {@code action}, and no longer the one set before, if the request is cancelled before it is answered; at once if it already
     * is. An action that was set while the request waited may run when that has been started meanwhile.
     */
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

    /** Has a lane claim the request and do its work, unless its subscriber cancels; what the work throws fails it. */
    public void submitTo(Executor lane, Runnable work) {
        lane.execute(new Service(this, work));
    }

    /** Lets a started request wait again, for another thread to claim; false if it was cancelled meanwhile. */
    public boolean putBack() {
        return STATE.compareAndSet(this, RUNNING, WAITING);
    }

    /** Whether its subscriber cancelled a started request that was not answered. */
    public boolean cancelled() {
        return state == OVER;
    }

    /** Answers a started request. */
    public void answer(@Nullable T value) {
        answer = value;
        if (STATE.compareAndSet(this, RUNNING, ANSWERED)) {
            delivery.execute(this);
        } else if (value != null) {
            release(value);
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
        R2dbcException error;
        try {
            error = waiting() ? lateness() : null;
        } catch (Throwable e) {
            error = Errors.map(e, null);
        }
        if (error != null && STATE.compareAndSet(this, WAITING, RUNNING)) {
            fail(error);
        }
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n) && STATE.compareAndSet(this, IDLE, WAITING)) {
            try {
                submit();
            } catch (Throwable e) {
                failHere(e);
            }
        }
    }

    /** Fails the request on the thread of its subscriber, since there may be no other thread. */
    private void failHere(Throwable error) {
        failure = Errors.map(error, null);
        if (STATE.compareAndSet(this, RUNNING, ANSWERED) || STATE.compareAndSet(this, WAITING, ANSWERED)) {
            run();
        }
    }

    @Override
    public void cancel() {
        int before = STATE.getAndSet(this, OVER);
        T dropped = answer;
        if (before == WAITING || before == RUNNING) {
            withdraw();
        } else if (before == ANSWERED && dropped != null) {
            release(dropped);
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
            fail(waiting, error);
            return;
        }
        if (value != null) {
            try {
                waiting.onNext(value);
            } catch (Throwable e) {
                // The subscriber threw, and has not kept the answer. It may have operators behind it that wait for an
                // end.
                fail(waiting, value, e);
                return;
            }
        }
        complete(waiting);
    }

    /**
     * Completes a subscriber. An operator that goes on to another publisher, and finds no memory for that, throws instead of passing an
     * error on, and its own subscriber would wait for ever: it gets the error as its last signal.
     */
    public static void complete(Subscriber<?> subscriber) {
        try {
            subscriber.onComplete();
        } catch (VirtualMachineError | LinkageError e) {
            subscriber.onError(Errors.signal(e));
        }
    }

    /**
     * Gives a subscriber its error. An operator that goes on to another publisher behind an error, and finds no memory for that, would
     * lose it as well: it gets that failure as its last signal.
     */
    public static void fail(Subscriber<?> subscriber, Throwable error) {
        try {
            subscriber.onError(Errors.signal(error));
        } catch (VirtualMachineError | LinkageError e) {
            subscriber.onError(Errors.signal(e));
        }
    }

    private void fail(CoreSubscriber<? super T> waiting, T dropped, Throwable error) {
        try {
            release(dropped);
        } finally {
            fail(waiting, error);
        }
    }

    /** The work of a request, as a task of its lane. */
    private static final class Service extends Task {

        private final Exchange<?> exchange;
        private final Runnable work;

        Service(Exchange<?> exchange, Runnable work) {
            this.exchange = exchange;
            this.work = work;
        }

        @Override
        public void run() {
            if (exchange.start()) {
                try {
                    work.run();
                } catch (Throwable e) {
                    exchange.fail(Errors.map(e, null));
                }
            }
        }
    }

    /** A request made of functions. */
    private static final class Request<T> extends Exchange<T> {

        private final Consumer<? super T> release;
        private final Consumer<Exchange<T>> submit;

        Request(
                CoreSubscriber<? super T> subscriber,
                Executor delivery,
                Consumer<? super T> release,
                Consumer<Exchange<T>> submit) {
            super(subscriber, delivery);
            this.release = release;
            this.submit = submit;
        }

        @Override
        protected void submit() {
            submit.accept(this);
        }

        @Override
        protected void release(T late) {
            release.accept(late);
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static AtomicIntegerFieldUpdater<Exchange<?>> updater() {
        return (AtomicIntegerFieldUpdater) AtomicIntegerFieldUpdater.newUpdater(Exchange.class, "state");
    }
}
