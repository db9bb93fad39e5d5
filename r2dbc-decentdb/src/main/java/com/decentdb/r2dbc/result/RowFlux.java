package com.decentdb.r2dbc.result;

import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.SerializedDrain;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The elements of a cursor: one per row that the mapper keeps, then possibly a last one, for a count or an error. The next
 * block of rows is fetched when there is demand that the present one cannot serve, not earlier. Rows are mapped on
 * workers, since users' code may block them: on the one that delivers the block, or on one that is asked when the subscriber asks
 * for more.
 */
final class RowFlux<T> extends Flux<T> {

    /** Makes elements of rows. */
    interface Mapper<T> {

        /** The element; null if the row is filtered out. */
        @Nullable
        T map(RowBatch rows, int row);

        /** The element behind all rows; null for none. Asked for once, when the rows are subscribed to. */
        default @Nullable T last() {
            return null;
        }

        /** The element for an error of the database among the rows: null for none, or the error is thrown. */
        @Nullable
        T failed(R2dbcException error);
    }

    private static final Executor ON_WORKER = DriverThreads::onWorker;

    private final Cursor cursor;
    private final AtomicBoolean consumed;
    private final Mapper<T> mapper;

    /**
     * Creates the elements of a cursor.
     *
     * @param consumed whether the cursor has had its one subscriber; another gets an error
     */
    RowFlux(Cursor cursor, AtomicBoolean consumed, Mapper<T> mapper) {
        this.cursor = cursor;
        this.consumed = consumed;
        this.mapper = mapper;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> subscriber) {
        if (!consumed.compareAndSet(false, true)) {
            Operators.error(subscriber, DefaultResult.consumed());
            return;
        }
        RowSubscription<T> subscription;
        try {
            subscription = new RowSubscription<>(cursor, mapper, subscriber);
        } catch (Throwable e) {
            cursor.close();
            Operators.error(subscriber, Operators.onOperatorError(Errors.signal(e), subscriber.currentContext()));
            return;
        }
        subscriber.onSubscribe(subscription);
        subscription.drain();
    }

    private static final class RowSubscription<T> extends SerializedDrain implements Subscription {

        private static final AtomicLongFieldUpdater<RowSubscription<?>> REQUESTED = requestedUpdater();
        private static final AtomicReferenceFieldUpdater<RowSubscription<?>, State> STATE = stateUpdater();
        private static final AtomicReferenceFieldUpdater<RowSubscription<?>, Disposable> FETCH = fetchUpdater();
        private static final Disposable CANCELLED = Disposables.disposed();

        private enum State {
            /** The rows of the present block are emitted as the subscriber asks for them, or the next block is fetched. */
            EMITTING,
            /** The next block is on its way. */
            FETCHING,
            /** No rows are left; the last element may be. */
            ENDING,
            /** The subscriber cancelled, or got its last signal. */
            OVER
        }

        private final Cursor cursor;
        private final Mapper<T> mapper;
        private final CoreSubscriber<? super T> subscriber;
        private volatile long requested;
        private volatile State state = State.EMITTING;
        /** The latest fetch of a block. */
        private volatile @Nullable Disposable fetch;

        private volatile @Nullable Throwable failure;
        private @Nullable RowBatch batch;
        private int next;
        private @Nullable T last;

        RowSubscription(Cursor cursor, Mapper<T> mapper, CoreSubscriber<? super T> subscriber) {
            super(ON_WORKER);
            this.cursor = cursor;
            this.mapper = mapper;
            this.last = mapper.last();
            this.subscriber = subscriber;
            this.batch = cursor.first();
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                failure = new IllegalArgumentException("Demand must be positive, not " + n);
            } else {
                REQUESTED.getAndAccumulate(this, n, Operators::addCap);
            }
            drain();
        }

        @Override
        public void cancel() {
            if (finish()) {
                Disposable running = FETCH.getAndSet(this, CANCELLED);
                if (running != null) {
                    running.dispose();
                }
                cursor.close();
            }
        }

        @Override
        protected void step() {
            try {
                emitAll();
            } catch (Throwable e) {
                // The subscriber threw. It may have operators behind it that wait for an end.
                fail(e);
            }
        }

        private void emitAll() {
            long wanted = requested;
            long emitted = 0;
            while (emits()) {
                Throwable error = failure;
                if (error != null) {
                    failure = null;
                    endWith(error);
                    continue;
                }
                RowBatch rows = batch;
                if (rows != null && next < rows.rows()) {
                    if (emitted == wanted) {
                        break;
                    }
                    if (emitRow(rows, next++)) {
                        emitted++;
                    }
                } else if (state == State.ENDING || cursor.exhausted()) {
                    if (!complete(emitted < wanted)) {
                        break;
                    }
                } else if (emitted < wanted) {
                    fetch();
                } else {
                    break;
                }
            }
            if (emitted > 0 && wanted != Long.MAX_VALUE) {
                REQUESTED.addAndGet(this, -emitted);
            }
        }

        private boolean emits() {
            State now = state;
            return now == State.EMITTING || now == State.ENDING;
        }

        /** Ends the subscription; false if it had ended already. */
        private boolean finish() {
            return STATE.getAndSet(this, State.OVER) != State.OVER;
        }

        private boolean emitRow(RowBatch rows, int row) {
            T element;
            try {
                element = mapper.map(rows, row);
            } catch (Throwable e) {
                fail(Operators.onOperatorError(Errors.signal(e), subscriber.currentContext()));
                return false;
            }
            if (element == null) {
                return false;
            }
            subscriber.onNext(element);
            return true;
        }

        /** Emits the last element and completes; false if demand is missing. */
        private boolean complete(boolean demand) {
            T element = last;
            if (element != null) {
                if (!demand) {
                    return false;
                }
                last = null;
                subscriber.onNext(element);
            }
            if (finish()) {
                Exchange.complete(subscriber);
            }
            return true;
        }

        /** Makes an error of the database the last element if the mapper does; else the subscription fails. */
        private void endWith(Throwable error) {
            if (!(error instanceof R2dbcException known)) {
                fail(error);
                return;
            }
            try {
                last = mapper.failed(known);
            } catch (Throwable e) {
                fail(e);
                return;
            }
            cursor.close();
            batch = null;
            STATE.compareAndSet(this, State.EMITTING, State.ENDING);
        }

        private void fail(Throwable error) {
            if (finish()) {
                try {
                    cursor.close();
                } finally {
                    Exchange.fail(subscriber, error);
                }
            } else {
                Operators.onErrorDropped(error, subscriber.currentContext());
            }
        }

        private void fetch() {
            if (STATE.compareAndSet(this, State.EMITTING, State.FETCHING)) {
                Disposable running =
                        cursor.next().subscribe(this::fetched, this::fetchFailed, this::fetchEnded, Context.empty());
                Disposable before = fetch;
                if (before == CANCELLED || !FETCH.compareAndSet(this, before, running)) {
                    running.dispose();
                }
            }
        }

        private void fetched(RowBatch rows) {
            batch = rows;
            next = 0;
        }

        private void fetchFailed(Throwable error) {
            failure = error;
            STATE.compareAndSet(this, State.FETCHING, State.EMITTING);
            drain();
        }

        private void fetchEnded() {
            RowBatch rows = batch;
            boolean none = rows == null || next >= rows.rows();
            STATE.compareAndSet(this, State.FETCHING, none ? State.ENDING : State.EMITTING);
            drain();
        }

        @SuppressWarnings({"unchecked", "rawtypes"})
        private static AtomicLongFieldUpdater<RowSubscription<?>> requestedUpdater() {
            return (AtomicLongFieldUpdater) AtomicLongFieldUpdater.newUpdater(RowSubscription.class, "requested");
        }

        @SuppressWarnings({"unchecked", "rawtypes"})
        private static AtomicReferenceFieldUpdater<RowSubscription<?>, State> stateUpdater() {
            return (AtomicReferenceFieldUpdater)
                    AtomicReferenceFieldUpdater.newUpdater(RowSubscription.class, State.class, "state");
        }

        @SuppressWarnings({"unchecked", "rawtypes"})
        private static AtomicReferenceFieldUpdater<RowSubscription<?>, Disposable> fetchUpdater() {
            return (AtomicReferenceFieldUpdater)
                    AtomicReferenceFieldUpdater.newUpdater(RowSubscription.class, Disposable.class, "fetch");
        }
    }
}
