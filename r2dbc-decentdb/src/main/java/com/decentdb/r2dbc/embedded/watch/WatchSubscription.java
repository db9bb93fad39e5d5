package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.SerializedDrain;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * One subscriber of a watch: its demand, and a bounded queue of the events it has not got yet. If that overflows, one event
 * that says so replaces all events that wait.
 */
final class WatchSubscription implements Subscription {

    /** Events that may wait for one subscriber. */
    static final int MAX_EVENTS = 1024;

    /** The size of all of them together, in characters of the engine's JSON. */
    private static final long MAX_CHARACTERS = 16 * 1024 * 1024;

    private final WatchHub hub;
    private final WatchRequest request;
    private final SerializedDrain drain;
    private final CoreSubscriber<? super WatchedEvent> subscriber;
    private final AtomicLong demand = new AtomicLong();
    private final AtomicBoolean opened = new AtomicBoolean();
    private final AtomicBoolean left = new AtomicBoolean();
    private final Persistent leaving = Persistent.of(this::leave);
    private volatile boolean cancelled;

    // Guarded by the queue.
    private final Deque<WatchedEvent> queue = new ArrayDeque<>();
    private @Nullable WatchedEvent initial;
    private @Nullable WatchedEvent latestDropped;
    private long characters;
    private boolean ended;
    private @Nullable Throwable failure;

    // Confined to the hub's thread.
    private @Nullable SharedWatch watch;

    // Confined to the delivering thread.
    private long lastSeen;
    private boolean over;

    WatchSubscription(
            WatchHub hub, WatchRequest request, Executor delivery, CoreSubscriber<? super WatchedEvent> subscriber) {
        this.hub = hub;
        this.request = request;
        this.drain = SerializedDrain.of(delivery, this::deliver);
        this.subscriber = subscriber;
    }

    WatchRequest request() {
        return request;
    }

    @Override
    public void request(long n) {
        if (!Operators.validate(n)) {
            return;
        }
        demand.getAndAccumulate(n, Operators::addCap);
        if (opened.compareAndSet(false, true)) {
            join();
        } else {
            drain.drain();
        }
    }

    private void join() {
        try {
            hub.join(this);
        } catch (Throwable e) {
            fail(Errors.map(e, null));
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        if (opened.get() && left.compareAndSet(false, true)) {
            leaving.begin();
        }
    }

    private void leave() {
        hub.leave(this);
    }

    boolean cancelled() {
        return cancelled;
    }

    /** The watch it gets its events from; on the hub's thread. */
    @Nullable
    SharedWatch watch() {
        return watch;
    }

    void joined(SharedWatch joined) {
        watch = joined;
    }

    /** Takes an event in; never waits for the subscriber. */
    void offer(WatchedEvent event) {
        synchronized (queue) {
            if (ended || cancelled) {
                return;
            }
            if (event.type() == WatchedEvent.Type.INITIAL) {
                initial = event;
            } else if (latestDropped != null) {
                latestDropped = event;
                return;
            } else if (queue.size() >= MAX_EVENTS
                    || characters + event.description().length() > MAX_CHARACTERS) {
                queue.clear();
                characters = 0;
                latestDropped = event;
            } else {
                queue.add(event);
                characters += event.description().length();
            }
        }
        drain.drain();
    }

    void complete() {
        synchronized (queue) {
            ended = true;
        }
        drain.drain();
    }

    void fail(Throwable error) {
        synchronized (queue) {
            if (!ended) {
                ended = true;
                failure = error;
            }
        }
        drain.drain();
    }

    private void deliver() {
        while (!cancelled && !over) {
            if (demand.get() > 0) {
                WatchedEvent event = take();
                if (event != null) {
                    if (demand.get() != Long.MAX_VALUE) {
                        demand.decrementAndGet();
                    }
                    lastSeen = event.type() == WatchedEvent.Type.INITIAL ? lastSeen : event.id();
                    try {
                        subscriber.onNext(event);
                    } catch (Throwable e) {
                        // The subscriber threw. It may have operators behind it that wait for an end.
                        cancel();
                        over = true;
                        Exchange.fail(subscriber, e);
                    }
                    continue;
                }
            }
            end();
            return;
        }
        discard();
    }

    private @Nullable WatchedEvent take() {
        synchronized (queue) {
            WatchedEvent next = initial;
            initial = null;
            if (next != null) {
                return next;
            }
            WatchedEvent dropped = latestDropped;
            if (dropped != null) {
                latestDropped = null;
                return EventParser.lagged(lastSeen, dropped);
            }
            next = queue.poll();
            characters -= next == null ? 0 : next.description().length();
            return next;
        }
    }

    /** Signals the end once everything before it was delivered. */
    private void end() {
        Throwable error;
        synchronized (queue) {
            if (!ended || initial != null || latestDropped != null || !queue.isEmpty()) {
                return;
            }
            error = failure;
        }
        over = true;
        if (error == null) {
            Exchange.complete(subscriber);
        } else {
            Exchange.fail(subscriber, error);
        }
    }

    private void discard() {
        synchronized (queue) {
            initial = null;
            latestDropped = null;
            queue.clear();
            characters = 0;
        }
    }
}
