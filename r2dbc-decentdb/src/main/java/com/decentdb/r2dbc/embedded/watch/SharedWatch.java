package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeWatch;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One watch of the engine and all its subscribers. Used on the hub's thread alone. */
final class SharedWatch {

    private final WatchRequest request;
    private final WatchSource.Observer observer;
    private final List<WatchSubscription> subscribers = new ArrayList<>();
    private @Nullable NativeWatch watch;
    private boolean over;
    private @Nullable WatchedEvent initial;
    /** An event whose tables are being looked up; the later ones stay in the engine. */
    private EventParser.@Nullable Untyped held;

    SharedWatch(WatchRequest request, WatchSource.Observer observer) {
        this.request = request;
        this.observer = observer;
    }

    WatchRequest request() {
        return request;
    }

    boolean isOpen() {
        return watch != null;
    }

    /** Whether it takes no subscribers any more. */
    boolean isOver() {
        return over;
    }

    void open(NativeWatch created) {
        watch = created;
    }

    /** The next event, null if there is none now or an earlier one is held. */
    EventParser.@Nullable Untyped next() {
        NativeWatch open = watch;
        String json = open == null || held != null ? null : open.next(0);
        return json == null ? null : EventParser.parse(json);
    }

    void hold(EventParser.Untyped event) {
        held = event;
    }

    /** Takes the held event back; null if there is none. */
    EventParser.@Nullable Untyped release() {
        EventParser.Untyped event = held;
        held = null;
        return event;
    }

    void add(WatchSubscription subscription) {
        subscribers.add(subscription);
        observer.subscribed(1);
        subscription.joined(this);
        WatchedEvent begun = initial;
        if (begun != null) {
            subscription.offer(begun);
        }
    }

    /** Takes a subscriber out; true if it was the last one. */
    boolean remove(WatchSubscription subscription) {
        boolean removed = subscribers.remove(subscription);
        if (removed) {
            observer.subscribed(-1);
        }
        return removed && subscribers.isEmpty();
    }

    boolean isUnwanted() {
        return subscribers.isEmpty();
    }

    void publish(WatchedEvent event) {
        WatchedEvent begun = initial;
        if (event.type() == WatchedEvent.Type.INITIAL) {
            initial = event;
        } else if (begun != null) {
            initial = begun.at(event.position());
        }
        for (int i = 0; i < subscribers.size(); i++) {
            subscribers.get(i).offer(event);
        }
    }

    /** Completes all subscribers; needs no memory. */
    void complete() {
        for (int i = 0; i < subscribers.size(); i++) {
            subscribers.get(i).complete();
        }
        clear();
    }

    /** Fails all subscribers; needs no memory. */
    void fail(Throwable error) {
        for (int i = 0; i < subscribers.size(); i++) {
            subscribers.get(i).fail(error);
        }
        clear();
    }

    private void clear() {
        observer.subscribed(-subscribers.size());
        subscribers.clear();
    }

    void close() {
        over = true;
        NativeWatch open = watch;
        watch = null;
        if (open != null) {
            open.close();
        }
    }
}
