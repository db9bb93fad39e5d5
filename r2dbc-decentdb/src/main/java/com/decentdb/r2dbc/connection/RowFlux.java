package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.transport.Cursor;
import io.r2dbc.spi.R2dbcException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The elements of a cursor: one per row that is wanted, then possibly a last one, for a count or an error. The next batch
 * of rows is asked for when there is demand that the current one cannot serve, not earlier. Rows are mapped on the thread
 * that asks for more or on the one that delivers the batch.
 */
final class RowFlux<T> extends Flux<T> {

    /** Makes an element of a row. */
    interface Mapper<T> {

        /** The element; null if the row is filtered out. */
        @Nullable
        T map(RowBatch rows, int row);

        /** What stands for an error of the database in the middle of the rows: null for the end, or it is thrown. */
        @Nullable
        T failed(R2dbcException error);
    }

    private final Cursor cursor;
    private final Mapper<T> mapper;
    private final @Nullable T last;

    RowFlux(Cursor cursor, Mapper<T> mapper, @Nullable T last) {
        this.cursor = cursor;
        this.mapper = mapper;
        this.last = last;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> subscriber) {
        RowSubscription<T> subscription = new RowSubscription<>(cursor, mapper, last, subscriber);
        subscriber.onSubscribe(subscription);
        subscription.drain();
    }

    private static final class RowSubscription<T> implements Subscription {

        private final Cursor cursor;
        private final Mapper<T> mapper;
        private final CoreSubscriber<? super T> subscriber;
        private final AtomicLong requested = new AtomicLong();
        private final AtomicInteger entered = new AtomicInteger();
        private final Disposable.Swap fetch = Disposables.swap();

        private volatile boolean cancelled;
        private volatile boolean fetching;
        private volatile @Nullable Throwable failure;
        private boolean ended;
        private boolean over;
        private @Nullable RowBatch batch;
        private int next;
        private @Nullable T last;

        RowSubscription(Cursor cursor, Mapper<T> mapper, @Nullable T last, CoreSubscriber<? super T> subscriber) {
            this.cursor = cursor;
            this.mapper = mapper;
            this.last = last;
            this.subscriber = subscriber;
            this.batch = cursor.first();
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                failure = new IllegalArgumentException("Demand must be positive, not " + n);
            } else {
                requested.getAndAccumulate(n, Operators::addCap);
            }
            drain();
        }

        @Override
        public void cancel() {
            if (!cancelled) {
                cancelled = true;
                fetch.dispose();
                cursor.close();
            }
        }

        void drain() {
            if (entered.getAndIncrement() != 0) {
                return;
            }
            int missed = 1;
            do {
                emit();
                missed = entered.addAndGet(-missed);
            } while (missed != 0);
        }

        private void emit() {
            long wanted = requested.get();
            long emitted = 0;
            while (!over && !cancelled && !fetching) {
                Throwable error = failure;
                if (error != null && !endsWith(error)) {
                    break;
                }
                RowBatch rows = batch;
                if (rows != null && next < rows.rows()) {
                    if (emitted == wanted) {
                        break;
                    }
                    if (emitRow(rows, next++)) {
                        emitted++;
                    }
                } else if (ended || cursor.exhausted()) {
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
                requested.addAndGet(-emitted);
            }
        }

        private boolean emitRow(RowBatch rows, int row) {
            T element;
            try {
                element = mapper.map(rows, row);
            } catch (Throwable e) {
                fail(Operators.onOperatorError(e, subscriber.currentContext()));
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
            over = true;
            if (!cancelled) {
                subscriber.onComplete();
            }
            return true;
        }

        /** Makes an error of the database the last element, if the mapper does; else fails and returns false. */
        private boolean endsWith(Throwable error) {
            if (!(error instanceof R2dbcException known)) {
                fail(error);
                return false;
            }
            try {
                last = mapper.failed(known);
            } catch (Throwable e) {
                fail(e);
                return false;
            }
            cursor.close();
            failure = null;
            batch = null;
            ended = true;
            return true;
        }

        private void fail(Throwable error) {
            over = true;
            cursor.close();
            subscriber.onError(error);
        }

        private void fetch() {
            fetching = true;
            fetch.update(cursor.next().subscribe(this::fetched, this::fetchFailed, this::fetchEnded, Context.empty()));
        }

        private void fetched(RowBatch rows) {
            batch = rows;
            next = 0;
        }

        private void fetchFailed(Throwable error) {
            failure = error;
            fetching = false;
            drain();
        }

        private void fetchEnded() {
            RowBatch rows = batch;
            if (rows == null || next >= rows.rows()) {
                ended = true;
            }
            fetching = false;
            drain();
        }
    }
}
