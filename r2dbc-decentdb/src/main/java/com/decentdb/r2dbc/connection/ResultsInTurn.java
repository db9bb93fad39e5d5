package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.result.DefaultResult;
import io.r2dbc.spi.Result;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Asks for a result when the one before was consumed, so that rows of two never mix, and an error of one comes behind all rows
 * before it. A result without columns is consumed as soon as it is there. A subscriber that lets a result pass without subscribing to
 * it at once, as {@code then()} and {@code collectList()} do, is not waited for: it might wait for itself.
 */
final class ResultsInTurn extends FluxOperator<Result, Result> {

    ResultsInTurn(Flux<Result> results) {
        super(results);
    }

    @Override
    public void subscribe(CoreSubscriber<? super Result> subscriber) {
        source.subscribe(new Turns(subscriber));
    }

    private static final class Turns implements CoreSubscriber<Result>, Subscription {

        private final CoreSubscriber<? super Result> subscriber;
        private final AtomicLong demand = new AtomicLong();
        /** Whether a result is on its way or being consumed. */
        private final AtomicBoolean taken = new AtomicBoolean();

        private Subscription upstream = Operators.emptySubscription();

        Turns(CoreSubscriber<? super Result> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            upstream = subscription;
            subscriber.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                upstream.request(n);
                return;
            }
            demand.getAndAccumulate(n, Operators::addCap);
            next();
        }

        @Override
        public void cancel() {
            upstream.cancel();
        }

        /** Asks for a result, if there is demand and none before it is left. */
        private void next() {
            if (demand.get() > 0 && taken.compareAndSet(false, true)) {
                demand.getAndUpdate(n -> n == Long.MAX_VALUE ? n : n - 1);
                upstream.request(1);
            }
        }

        @Override
        public void onNext(Result result) {
            if (!(result instanceof DefaultResult arrived) || !arrived.hasRows()) {
                subscriber.onNext(result);
                turn();
                return;
            }
            AtomicBoolean over = new AtomicBoolean();
            Runnable end = () -> {
                if (over.compareAndSet(false, true)) {
                    turn();
                }
            };
            subscriber.onNext(arrived.reporting(end));
            if (!arrived.isBeingConsumed()) {
                end.run();
            }
        }

        private void turn() {
            taken.set(false);
            next();
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
