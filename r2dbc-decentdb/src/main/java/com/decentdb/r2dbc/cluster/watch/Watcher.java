package com.decentdb.r2dbc.cluster.watch;

import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.SerializedDrain;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/** A subscriber to changes. While it asks for nothing, all changes become one event. */
final class Watcher extends SerializedDrain implements Subscription {

    /** The tables that are watched, in lower case; null for everything. */
    private final @Nullable Set<String> tables;

    private final CoreSubscriber<? super WatchedEvent> subscriber;
    private final Watches watches;
    private final AtomicLong requested = new AtomicLong();
    private final AtomicReference<@Nullable Invalidation> pending = new AtomicReference<>();
    private final AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
    private volatile boolean begun;
    private volatile boolean completes;
    private volatile boolean over;
    private boolean initialSent;
    private long events;

    Watcher(
            @Nullable Set<String> tables,
            CoreSubscriber<? super WatchedEvent> subscriber,
            Watches watches,
            Executor delivery) {
        super(delivery);
        this.tables = tables;
        this.subscriber = subscriber;
        this.watches = watches;
    }

    /** The watch is in place: what is committed from now on is reported. */
    void begin() {
        begun = true;
        drain();
    }

    boolean hasBegun() {
        return begun;
    }

    void changed(Invalidation change) {
        if (!begun || !concerns(change)) {
            return;
        }
        pending.accumulateAndGet(change, (before, next) -> before == null || next == null ? next : before.and(next));
        drain();
    }

    private boolean concerns(Invalidation change) {
        return tables == null
                || change.tables().isEmpty()
                || change.schemaChanged()
                || change.tables().stream().anyMatch(table -> tables.contains(table.toLowerCase(Locale.ROOT)));
    }

    void complete() {
        completes = true;
        drain();
    }

    @Override
    public void request(long n) {
        if (n <= 0) {
            end.compareAndSet(null, new IllegalArgumentException("Demand must be positive, not " + n));
        } else if (requested.getAndAccumulate(n, Operators::addCap) == 0) {
            watches.add(this);
        }
        drain();
    }

    @Override
    public void cancel() {
        over = true;
        watches.remove(this);
    }

    @Override
    protected void step() {
        if (over) {
            return;
        }
        Throwable error = end.get();
        try {
            if (error != null) {
                fail(error);
            } else {
                emit();
            }
        } catch (Throwable e) {
            // The subscriber threw. It may have operators behind it that wait for an end.
            fail(e);
        }
    }

    private void emit() {
        if (begun && !initialSent && requested.get() > 0) {
            initialSent = true;
            send(WatchedEvent.plain(WatchedEvent.Type.INITIAL, 0, 0, 0, "", "{\"event\":\"initial\"}"));
        }
        if (initialSent && requested.get() > 0) {
            Invalidation change = pending.getAndSet(null);
            if (change != null) {
                send(change.event(++events));
            }
        }
        if (completes && !over && pending.get() == null) {
            over = true;
            watches.remove(this);
            Exchange.complete(subscriber);
        }
    }

    private void send(WatchedEvent event) {
        if (requested.get() != Long.MAX_VALUE) {
            requested.decrementAndGet();
        }
        subscriber.onNext(event);
    }

    private void fail(Throwable error) {
        if (!over) {
            cancel();
            Exchange.fail(subscriber, error);
        }
    }
}
