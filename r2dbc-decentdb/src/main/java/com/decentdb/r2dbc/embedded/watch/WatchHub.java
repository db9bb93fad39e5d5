package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeWatch;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The watches of one database. One thread creates, polls and closes them all, takes their events out of the engine as
 * soon as they are there, and puts them into a bounded queue of each subscriber. So neither a commit nor another
 * subscriber ever waits for a slow one. Equal requests share one watch of the engine, and all watches share the columns of
 * the tables whose rows they report. The thread exists only while there are subscribers. Thread-safe.
 */
public final class WatchHub {

    /** Commits made through this driver wake the thread; this finds those made by other handles of the process. */
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** Events taken from one watch before the others are polled. */
    private static final int BURST = 256;

    private static final Logger LOG = Loggers.getLogger(WatchHub.class);

    private final WatchSource source;
    private final ThreadFactory threads;
    private final UnaryOperator<Throwable> errors;
    private final WatchSource.Observer observer;
    private final HiddenRows hidden;
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Thread poller;
    private volatile boolean nudged;

    // Confined to the hub's thread.
    private final Map<String, List<Column>> columns = new HashMap<>();
    private final Set<SharedWatch> watches = new LinkedHashSet<>();
    private final Map<WatchRequest, SharedWatch> joinable = new HashMap<>();
    private boolean closed;
    private @Nullable Runnable whenClosed;

    /**
     * Creates a hub at rest.
     *
     * @param errors translates failures of the engine for subscribers
     * @param observer gets every commit, on the hub's thread, before any subscriber does
     * @param hidden keeps back the rows that not everybody may see
     */
    public WatchHub(
            WatchSource source,
            ThreadFactory threads,
            UnaryOperator<Throwable> errors,
            WatchSource.Observer observer,
            HiddenRows hidden) {
        this.source = source;
        this.threads = threads;
        this.errors = errors;
        this.observer = observer;
        this.hidden = hidden;
    }

    /**
     * Events of a watch: one {@link WatchedEvent.Type#INITIAL}, then those of later commits. Registered with the first
     * demand. Completes when the hub closes.
     *
     * @param delivery runs the subscriber's signals
     */
    public Flux<WatchedEvent> watch(WatchRequest request, Executor delivery) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super WatchedEvent> subscriber) {
                subscriber.onSubscribe(new WatchSubscription(WatchHub.this, request, delivery, subscriber));
            }
        };
    }

    /** Called after a commit: polls the watches now. Cheap without watches. */
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
     * @param whenGone runs when no native watch is left, and no handle for them
     * @throws OutOfMemoryError if there is no memory for it, or no thread; then nothing has happened
     */
    public void close(Runnable whenGone) {
        Runnable closing = () -> closeAll(whenGone);
        Runnable command = () -> Persistent.insist(closing);
        synchronized (this) {
            // A handle may be open before the first watch and after the last one, and closing it may take a while.
            if (poller != null || source.isOpen()) {
                submit(command);
                return;
            }
            closed = true;
        }
        whenGone.run();
    }

    private void closeAll(Runnable whenGone) {
        closed = true;
        whenClosed = whenGone;
        for (SharedWatch watch : List.copyOf(watches)) {
            watch.complete();
            if (watch.isOpen()) {
                dispose(watch);
            }
        }
    }

    /** Adds a subscriber to a new watch or to one that is there. */
    void join(WatchSubscription subscription) {
        submit(() -> {
            try {
                joinNow(subscription);
            } catch (Throwable e) {
                subscription.fail(errors.apply(e));
            }
        });
    }

    private void joinNow(WatchSubscription subscription) {
        if (subscription.cancelled()) {
            return;
        }
        if (closed) {
            subscription.complete();
            return;
        }
        SharedWatch present = joinable.get(subscription.request());
        if (present != null && present.isOpen()) {
            // A subscriber gets no commit from before it joined.
            poll(present);
            present = joinable.get(subscription.request());
        }
        SharedWatch watch = present == null || present.isOver() ? open(subscription.request()) : present;
        watch.add(subscription);
    }

    /** Removes a subscriber, and with the last one its watch. */
    void leave(WatchSubscription subscription) {
        synchronized (this) {
            if (poller == null) {
                return;
            }
        }
        submit(() -> {
            SharedWatch watch = subscription.watch();
            if (watch != null && watch.remove(subscription) && watch.isOpen()) {
                dispose(watch);
            }
        });
    }

    private SharedWatch open(WatchRequest request) {
        SharedWatch watch = new SharedWatch(request, observer);
        try {
            watches.add(watch);
            joinable.put(request, watch);
            // The answer always comes as a later command, when the subscriber has been added.
            source.call(
                    handle -> {
                        hidden.check(handle, request);
                        return WatchOpener.open(handle, request);
                    },
                    new HubAnswer<NativeWatch>(this::submit, (created, failure) -> opened(watch, created, failure)));
        } catch (Throwable e) {
            dispose(watch);
            throw e;
        }
        return watch;
    }

    private void opened(SharedWatch watch, @Nullable NativeWatch created, @Nullable Throwable failure) {
        if (created == null) {
            fail(watch, failure == null ? new IllegalStateException("No watch was created") : failure);
            return;
        }
        watch.open(created);
        if (closed || watch.isUnwanted()) {
            dispose(watch);
        }
    }

    private void fail(SharedWatch watch, Throwable failure) {
        watch.fail(errors.apply(failure));
        dispose(watch);
    }

    private void dispose(SharedWatch watch) {
        watches.remove(watch);
        try {
            joinable.remove(watch.request(), watch);
            watch.close();
        } catch (Throwable e) {
            warn(e);
        }
    }

    /** Passes on what the engine has; true if there may be more. */
    private boolean poll(SharedWatch watch) {
        try {
            for (int i = 0; i < BURST; i++) {
                EventParser.Untyped next = watch.next();
                if (next == null) {
                    return false;
                }
                WatchedEvent event = next.event();
                if (event.type() == WatchedEvent.Type.COMMIT) {
                    observer.observed(event);
                }
                if (event.schemaChanged()) {
                    columns.clear();
                    if (watch.request() instanceof WatchRequest.Query) {
                        // Views may have changed, and with them the tables that it reads: later subscribers need
                        // another.
                        joinable.remove(watch.request(), watch);
                    }
                }
                if (hidden.dependOn(event) || !columns.keySet().containsAll(next.tables())) {
                    lookUp(watch, next);
                    return false;
                }
                watch.publish(typed(next));
            }
            return true;
        } catch (Throwable e) {
            fail(watch, e);
            return false;
        }
    }

    private WatchedEvent typed(EventParser.Untyped event) {
        return event.typed(table -> columns.getOrDefault(table, List.of()));
    }

    /** Reads about the tables of an event, then publishes it. Without their columns its values keep their types in JSON. */
    private void lookUp(SharedWatch watch, EventParser.Untyped event) {
        watch.hold(event);
        Set<String> unknown = new LinkedHashSet<>(event.tables());
        unknown.removeAll(columns.keySet());
        source.<TableFacts>call(
                handle -> TableFacts.read(handle, event.event(), unknown, hidden),
                new HubAnswer<>(this::submit, (read, failure) -> publishHeld(watch, read)));
    }

    /** Passes an event on as far as its subscribers may see it. */
    private void publishHeld(SharedWatch watch, @Nullable TableFacts read) {
        try {
            EventParser.Untyped event = watch.release();
            if (read == null) {
                LOG.debug("Columns could not be read");
            } else {
                columns.putAll(read.columns());
            }
            if (event != null && watch.isOpen()) {
                boolean shown = hidden.show(watch.request(), event.event(), read == null ? null : read.hidden());
                watch.publish(shown ? typed(event) : event.withoutRows());
            }
        } catch (Throwable e) {
            fail(watch, e);
        }
    }

    /**
     * Has the hub's thread run a command.
     *
     * @throws OutOfMemoryError if there is no memory for it, or no thread; then the command is not run
     */
    private void submit(Runnable command) {
        synchronized (this) {
            commands.add(command);
            if (poller == null) {
                start(command);
            }
        }
        LockSupport.unpark(poller);
    }

    private void start(Runnable command) {
        boolean started = false;
        try {
            Thread thread = threads.newThread(this::run);
            poller = thread;
            thread.start();
            started = true;
        } finally {
            if (!started) {
                poller = null;
                commands.remove(command);
            }
        }
    }

    private void run() {
        boolean working = true;
        while (working) {
            try {
                working = work();
            } catch (Throwable e) {
                // There is no memory now. All watches of the database depend on this thread.
                LockSupport.parkNanos(this, POLL_NANOS);
            }
        }
    }

    /** Runs the commands and polls the watches; false if the thread may end. */
    private boolean work() {
        nudged = false;
        Runnable command;
        while ((command = commands.poll()) != null) {
            attempt(command);
        }
        boolean more = false;
        for (SharedWatch watch : new ArrayList<>(watches)) {
            more |= poll(watch);
        }
        if (!more && watches.isEmpty() && retire()) {
            return false;
        }
        if (!more && commands.isEmpty() && !nudged) {
            LockSupport.parkNanos(this, POLL_NANOS);
        }
        return true;
    }

    /** Runs a command that must not end the thread, on which all watches of the database depend. */
    private static void attempt(Runnable command) {
        try {
            command.run();
        } catch (Throwable e) {
            warn(e);
        }
    }

    private static void warn(Throwable error) {
        try {
            LOG.warn("A watch of a database failed to open or close", error);
        } catch (Throwable e) {
            // There is no memory to say so.
            return;
        }
    }

    /** Ends the thread if there is nothing to do and nothing on its way. */
    private boolean retire() {
        if (!commands.isEmpty()) {
            return false;
        }
        columns.clear();
        try {
            if (closed) {
                source.close();
            } else {
                source.rest();
            }
        } catch (VirtualMachineError e) {
            return false;
        } catch (Throwable e) {
            warn(e);
        }
        Runnable gone;
        synchronized (this) {
            if (!commands.isEmpty()) {
                return false;
            }
            gone = whenClosed;
            whenClosed = null;
            poller = null;
        }
        if (gone != null) {
            gone.run();
        }
        return true;
    }
}
