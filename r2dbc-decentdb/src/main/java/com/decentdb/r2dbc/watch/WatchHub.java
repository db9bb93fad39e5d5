package com.decentdb.r2dbc.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeWatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The watches of one database. A watch is polled only while its subscriber has demand: what happens meanwhile waits in
 * the engine's bounded queue of that watch, and if that overflows the subscriber gets one {@code lagged} event instead.
 * So neither a commit nor another subscriber ever waits for a slow one. Thread-safe.
 */
public final class WatchHub {

    /** Commits made through this driver wake the thread; this finds those made by other handles of the process. */
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final Logger LOG = Loggers.getLogger(WatchHub.class);

    private final WatchSource source;
    private final ThreadFactory threads;
    private final UnaryOperator<Throwable> errors;
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final List<WatchSubscription> active = new ArrayList<>();
    private int expected;
    private volatile @Nullable Thread poller;
    private volatile boolean nudged;
    private boolean closed;
    private @Nullable Runnable whenClosed;

    /**
     * Creates a hub at rest.
     *
     * @param errors turns what the engine throws into what subscribers get
     */
    public WatchHub(WatchSource source, ThreadFactory threads, UnaryOperator<Throwable> errors) {
        this.source = source;
        this.threads = threads;
        this.errors = errors;
    }

    /**
     * Events of a new watch as the engine's JSON. Completes when the hub closes.
     *
     * @param factory creates the watch
     * @param delivery runs the subscriber's signals
     */
    public Flux<String> watch(Function<NativeDatabase, NativeWatch> factory, Executor delivery) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super String> subscriber) {
                subscriber.onSubscribe(new WatchSubscription(WatchHub.this, factory, delivery, subscriber));
            }
        };
    }

    /** Something was committed: looks at the watches now. Cheap when nobody watches. */
    public void nudge() {
        Thread thread = poller;
        if (thread != null && !nudged) {
            nudged = true;
            LockSupport.unpark(thread);
        }
    }

    /**
     * Ends all watches; their subscribers complete.
     *
     * @param whenGone told when no native watch is left
     */
    public void close(Runnable whenGone) {
        synchronized (this) {
            closed = true;
            whenClosed = whenGone;
        }
        submit(() -> {
            List<WatchSubscription> all = List.copyOf(active);
            active.clear();
            all.forEach(subscription -> attempt(subscription::complete));
        });
    }

    /** Opens a subscription's watch. */
    void open(WatchSubscription subscription) {
        boolean refused;
        synchronized (this) {
            refused = closed;
            if (!refused) {
                expected++;
            }
        }
        if (refused) {
            subscription.complete();
            return;
        }
        submit(() -> source.create(
                subscription.factory(), (watch, failure) -> submit(() -> opened(subscription, watch, failure))));
    }

    /** Closes a subscription's watch on the hub's thread. */
    void close(WatchSubscription subscription) {
        submit(() -> {
            if (active.remove(subscription)) {
                subscription.closeWatch();
            }
        });
    }

    private void opened(WatchSubscription subscription, @Nullable NativeWatch watch, @Nullable Throwable failure) {
        boolean late;
        synchronized (this) {
            expected--;
            late = closed;
        }
        if (watch == null) {
            subscription.fail(
                    errors.apply(failure == null ? new IllegalStateException("No watch was created") : failure));
            return;
        }
        if (subscription.adopt(watch)) {
            if (late) {
                subscription.complete();
            } else {
                active.add(subscription);
            }
        }
    }

    private void submit(Runnable command) {
        commands.add(command);
        synchronized (this) {
            if (poller == null) {
                Thread thread = threads.newThread(this::poll);
                poller = thread;
                thread.start();
                return;
            }
        }
        LockSupport.unpark(poller);
    }

    private void poll() {
        while (true) {
            nudged = false;
            Runnable command;
            while ((command = commands.poll()) != null) {
                attempt(command);
            }
            boolean found = false;
            for (WatchSubscription subscription : List.copyOf(active)) {
                found |= pollOne(subscription);
            }
            if (found) {
                continue;
            }
            if (active.isEmpty() && retire()) {
                return;
            }
            if (commands.isEmpty() && !nudged) {
                LockSupport.parkNanos(this, POLL_NANOS);
            }
        }
    }

    /** Runs what must not end the thread, which all watches of the database depend on. */
    private static void attempt(Runnable command) {
        try {
            command.run();
        } catch (RuntimeException e) {
            LOG.warn("A watch of a database failed to open or close", e);
        }
    }

    private boolean pollOne(WatchSubscription subscription) {
        try {
            return subscription.poll();
        } catch (RuntimeException e) {
            active.remove(subscription);
            subscription.fail(errors.apply(e));
            return true;
        }
    }

    /** Ends the thread if there is nothing to do and nothing on its way. */
    private boolean retire() {
        Runnable gone;
        synchronized (this) {
            if (expected > 0 || !commands.isEmpty()) {
                return false;
            }
        }
        attempt(source::rest);
        synchronized (this) {
            if (expected > 0 || !commands.isEmpty()) {
                return false;
            }
            poller = null;
            gone = whenClosed;
            whenClosed = null;
        }
        if (gone != null) {
            gone.run();
        }
        return true;
    }
}
