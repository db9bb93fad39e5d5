package com.decentdb.r2dbc.delivery;

import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.transport.Errors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Work on a resource that is always given back: completed behind work that completed, and given up behind work that failed or was
 * cancelled, or if its completion fails. The subscriber gets its last signal behind that. An error of giving up is suppressed onto
 * the one it follows. Giving up is repeated while there is no memory for it, and no signal is lost to an Error that is thrown.
 */
public final class Bracket<R, T> extends Flux<T> {

    private final Mono<R> resource;
    private final Function<? super R, ? extends Publisher<T>> work;
    private final Function<? super R, Mono<Void>> complete;
    private final Function<? super R, Mono<Void>> giveUp;
    private final @Nullable Endings endings;

    /**
     * Work on a resource.
     *
     * @param resource the resource; never cancelled, one that arrives behind a cancellation is given up
     * @param giveUp has to bear repetition
     */
    public Bracket(
            Mono<R> resource,
            Function<? super R, ? extends Publisher<T>> work,
            Function<? super R, Mono<Void>> complete,
            Function<? super R, Mono<Void>> giveUp) {
        this(null, resource, work, complete, giveUp);
    }

    /**
     * The same, for whose end those wait that come behind it.
     *
     * @param endings knows of it from its cancellation until it is over
     */
    public Bracket(
            @Nullable Endings endings,
            Mono<R> resource,
            Function<? super R, ? extends Publisher<T>> work,
            Function<? super R, Mono<Void>> complete,
            Function<? super R, Mono<Void>> giveUp) {
        this.endings = endings;
        this.resource = resource;
        this.work = work;
        this.complete = complete;
        this.giveUp = giveUp;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> subscriber) {
        Scope<R, T> scope = new Scope<>(this, subscriber);
        subscriber.onSubscribe(scope);
        scope.begin();
    }

    private enum State {
        /** The resource is on its way. */
        BEGINNING,
        WORKING,
        COMPLETING,
        GIVING_UP,
        OVER
    }

    private static final class Scope<R, T> extends Operators.DeferredSubscription implements CoreSubscriber<T> {

        private final Bracket<R, T> bracket;
        private final CoreSubscriber<? super T> subscriber;
        private final AtomicReference<State> state = new AtomicReference<>(State.BEGINNING);
        /** Whether those that come behind the block wait for its end. */
        private final AtomicBoolean awaited = new AtomicBoolean();

        private final Persistent givingUp = Persistent.of(this::giveUp);
        private volatile @Nullable R resource;
        private volatile @Nullable Throwable failure;

        Scope(Bracket<R, T> bracket, CoreSubscriber<? super T> subscriber) {
            this.bracket = bracket;
            this.subscriber = subscriber;
        }

        void begin() {
            try {
                bracket.resource.subscribe(new Beginning());
            } catch (Throwable e) {
                notBegun(e);
            }
        }

        /** There is no resource, and none will come. */
        private void notBegun(@Nullable Throwable why) {
            end(State.BEGINNING, why);
            if (resource == null) {
                end(State.GIVING_UP, null);
            }
        }

        private void work(R arrived) {
            resource = arrived;
            if (!state.compareAndSet(State.BEGINNING, State.WORKING)) {
                givingUp.begin();
                return;
            }
            try {
                bracket.work.apply(arrived).subscribe(this);
            } catch (Throwable e) {
                abort(State.WORKING, e);
            }
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            set(subscription);
        }

        @Override
        public void onNext(T element) {
            if (state.get() != State.WORKING) {
                Operators.onDiscard(element, currentContext());
                return;
            }
            try {
                subscriber.onNext(element);
            } catch (Throwable e) {
                // The subscriber threw. It may have operators behind it that wait for an end.
                super.cancel();
                abort(State.WORKING, e);
            }
        }

        @Override
        public void onError(Throwable error) {
            abort(State.WORKING, error);
        }

        @Override
        public void onComplete() {
            R held = resource;
            if (held == null || !state.compareAndSet(State.WORKING, State.COMPLETING)) {
                return;
            }
            try {
                bracket.complete.apply(held).subscribe(new Ending(State.COMPLETING));
            } catch (Throwable e) {
                abort(State.COMPLETING, e);
            }
        }

        /** Gives the resource up, unless another signal was first. */
        private void abort(State from, @Nullable Throwable reason) {
            if (state.compareAndSet(from, State.GIVING_UP)) {
                failure = reason;
                givingUp.begin();
            }
        }

        private void giveUp() {
            R held = resource;
            if (held == null) {
                return;
            }
            try {
                bracket.giveUp.apply(held).subscribe(new Ending(State.GIVING_UP));
            } catch (VirtualMachineError e) {
                throw e;
            } catch (Throwable e) {
                ended(State.GIVING_UP, e);
            }
        }

        @Override
        public void cancel() {
            awaitEnd();
            super.cancel();
            if (!state.compareAndSet(State.BEGINNING, State.GIVING_UP)) {
                abort(State.WORKING, null);
            }
        }

        private void ended(State from, @Nullable Throwable error) {
            Throwable reason = failure;
            if (from == State.COMPLETING && error != null) {
                abort(from, error);
                return;
            }
            if (from == State.GIVING_UP && error != null && Errors.ofMemory(error)) {
                givingUp.again();
                return;
            }
            if (reason != null && error != null && reason != error && reason != Errors.outOfMemory()) {
                reason.addSuppressed(error);
            }
            end(from, reason);
        }

        /** The last signal, which a subscriber that cancelled does not get. */
        private void end(State from, @Nullable Throwable error) {
            if (!state.compareAndSet(from, State.OVER)) {
                return;
            }
            letGoOn();
            if (error != null) {
                Exchange.fail(subscriber, error);
            } else if (from != State.GIVING_UP) {
                Exchange.complete(subscriber);
            }
        }

        private void awaitEnd() {
            Endings endings = bracket.endings;
            if (endings != null && state.get() != State.OVER && awaited.compareAndSet(false, true)) {
                endings.began();
                if (state.get() == State.OVER) {
                    letGoOn();
                }
            }
        }

        private void letGoOn() {
            Endings endings = bracket.endings;
            if (endings != null && awaited.compareAndSet(true, false)) {
                endings.ended();
            }
        }

        @Override
        public Context currentContext() {
            return subscriber.currentContext();
        }

        private final class Beginning implements CoreSubscriber<R> {

            @Override
            public void onSubscribe(Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(R arrived) {
                work(arrived);
            }

            @Override
            public void onError(Throwable error) {
                notBegun(error);
            }

            @Override
            public void onComplete() {
                if (resource == null) {
                    notBegun(null);
                }
            }

            @Override
            public Context currentContext() {
                return subscriber.currentContext();
            }
        }

        private final class Ending implements CoreSubscriber<Void> {

            private final State from;

            Ending(State from) {
                this.from = from;
            }

            @Override
            public void onSubscribe(Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(Void nothing) {
                throw new IllegalStateException("An end has no elements");
            }

            @Override
            public void onError(Throwable error) {
                ended(from, error);
            }

            @Override
            public void onComplete() {
                ended(from, null);
            }

            @Override
            public Context currentContext() {
                return subscriber.currentContext();
            }
        }
    }
}
