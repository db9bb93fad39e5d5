package com.decentdb.r2dbc.cluster.watch;

import com.decentdb.r2dbc.cluster.changelog.LogRequest;
import com.decentdb.r2dbc.cluster.changelog.LogSubscription;
import com.decentdb.r2dbc.cluster.changelog.LogTriggers;
import com.decentdb.r2dbc.cluster.changelog.NotLogged;
import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineCursor;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.line.Work;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.cluster.write.Attempts;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/**
 * The subscribers to changes of a database. While there are any, a line that never writes is asked from time to time whether
 * anybody committed; what was committed while there was no such line is unknown, so that all are told when there is one again.
 * Confined to the loop.
 */
public final class Watches implements LogSubscription.Place {

    private final EventLoop loop;
    private final LineOpener opener;
    private final Supplier<Attempts> attempts;
    private final Duration interval;
    private final Set<Watcher> watchers = new LinkedHashSet<>();
    private final Set<LogSubscription> logs = new LinkedHashSet<>();
    private @Nullable ScheduledFuture<?> next;
    private @Nullable Line line;
    private @Nullable Long version;
    private boolean hadLine;
    private boolean polling;
    private boolean closed;

    public Watches(EventLoop loop, LineOpener opener, Supplier<Attempts> attempts, Duration interval) {
        this.loop = loop;
        this.opener = opener;
        this.attempts = attempts;
        this.interval = interval;
    }

    /** Changes of what a request names, of which those that are logged are known precisely; any thread. */
    public Flux<WatchedEvent> watch(WatchRequest request, Executor delivery) {
        LogRequest precise = LogRequest.of(request);
        if (precise == null) {
            return invalidations(null, delivery);
        }
        Flux<WatchedEvent> logged = new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super WatchedEvent> subscriber) {
                subscriber.onSubscribe(new LogSubscription(
                        precise,
                        subscriber,
                        Watches.this,
                        (on, trouble) -> attempts.get().note(on, trouble),
                        delivery));
            }
        };
        Set<String> tables = tables(request);
        return tables == null ? logged : orInvalidations(logged, tables, delivery);
    }

    private Flux<WatchedEvent> invalidations(@Nullable Set<String> tables, Executor delivery) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super WatchedEvent> subscriber) {
                subscriber.onSubscribe(new Watcher(tables, subscriber, Watches.this, delivery));
            }
        };
    }

    /** Where the log does not help, or no longer: what was committed until then may be anything. */
    private Flux<WatchedEvent> orInvalidations(Flux<WatchedEvent> logged, Set<String> tables, Executor delivery) {
        return Flux.defer(() -> {
            AtomicBoolean begun = new AtomicBoolean();
            WatchedEvent altered = new Invalidation(LogTriggers.SOURCE, tables, true).event(0);
            return logged.doOnNext(event -> begun.set(true))
                    .onErrorResume(
                            NotLogged.class,
                            reason -> invalidations(tables, delivery)
                                    .map(event -> begun.get() && event.type() == WatchedEvent.Type.INITIAL
                                            ? altered
                                            : event));
        });
    }

    /** The tables of a request that can do without the rows that change; null if it cannot. */
    private static @Nullable Set<String> tables(WatchRequest request) {
        if (request instanceof WatchRequest.Tables named) {
            return named.tables().stream()
                    .map(name -> name.toLowerCase(Locale.ROOT))
                    .collect(Collectors.toSet());
        }
        return request instanceof WatchRequest.Range range && range.orTable()
                ? Set.of(range.table().toLowerCase(Locale.ROOT))
                : null;
    }

    void add(Watcher watcher) {
        loop.execute(() -> {
            if (closed) {
                watcher.complete();
                return;
            }
            watchers.add(watcher);
            if (version != null) {
                watcher.begin();
            }
            wake();
        });
    }

    void remove(Watcher watcher) {
        EventLoops.giveUp(loop, () -> {
            watchers.remove(watcher);
            restIfUnwatched();
        });
    }

    @Override
    public void join(LogSubscription subscription) {
        loop.execute(() -> {
            if (closed) {
                subscription.complete();
                return;
            }
            logs.add(subscription);
            wake();
        });
    }

    @Override
    public void leave(LogSubscription subscription) {
        EventLoops.giveUp(loop, () -> {
            logs.remove(subscription);
            restIfUnwatched();
        });
    }

    @Override
    public void wanted(LogSubscription subscription) {
        EventLoops.giveUp(loop, () -> {
            subscription.want();
            Line open = line;
            if (open != null && version != null) {
                subscription.read(open, false);
            }
        });
    }

    private boolean isUnwatched() {
        return watchers.isEmpty() && logs.isEmpty();
    }

    private void wake() {
        if (!polling) {
            polling = true;
            poll();
        }
    }

    /** The last subscriber takes the line with it, rather than the next poll. */
    private void restIfUnwatched() {
        ScheduledFuture<?> scheduled = next;
        if (isUnwatched() && polling && scheduled != null && scheduled.cancel(false)) {
            poll();
        }
    }

    /** This factory committed. */
    public void committed(List<WriteStep> writes) {
        if (!isUnwatched()) {
            wake();
        }
        Line open = line;
        if (open != null && version != null) {
            // Triggers may have changed other tables than those that the statements name.
            List.copyOf(logs).forEach(log -> log.read(open, true));
        }
        if (watchers.isEmpty()) {
            return;
        }
        Set<String> tables = new LinkedHashSet<>();
        boolean schema = false;
        for (WriteStep write : writes) {
            tables.addAll(write.tables());
            schema |= write.schema();
        }
        if (!tables.isEmpty() || schema) {
            tell(new Invalidation(Invalidation.OWN, tables, schema));
        }
    }

    private void tell(Invalidation change) {
        for (Watcher watcher : watchers) {
            watcher.changed(change);
        }
    }

    private void poll() {
        try {
            pollNow();
        } catch (Throwable e) {
            later();
        }
    }

    private void pollNow() {
        Line open = line;
        next = null;
        if (isUnwatched() || closed) {
            polling = false;
            version = null;
            hadLine = false;
            line = null;
            if (open != null) {
                open.close();
            }
        } else if (open == null || !open.isOpen()) {
            version = null;
            opener.open(new LineOpener.Opened() {
                @Override
                public void opened(Line fresh) {
                    line = fresh;
                    fresh.role(ClusterMeters.Role.POLL);
                    ask(fresh);
                }

                @Override
                public void failed(R2dbcException error) {
                    later();
                }
            });
        } else {
            ask(open);
        }
    }

    private void later() {
        try {
            next = loop.schedule(this::poll, isUnwatched() ? 0 : interval.toNanos(), TimeUnit.NANOSECONDS);
        } catch (Throwable e) {
            // There was no memory for the timer: the next subscriber or commit begins anew.
            polling = false;
        }
    }

    private void ask(Line on) {
        on.submit(new Work("PRAGMA data_version", Tuple.NONE, true) {
            @Override
            protected void rows(LineCursor cursor) {
                if (cursor.first().rows() == 1) {
                    seen(on, cursor.first().int64(0, 0));
                }
                later();
            }

            @Override
            protected void failed(Trouble trouble) {
                attempts.get().note(on, trouble);
                later();
            }

            @Override
            protected R2dbcException broken(Trouble trouble) {
                return Failures.ofRead(trouble, null);
            }
        });
    }

    private void seen(Line on, long now) {
        Long before = version;
        version = now;
        if (before == null) {
            if (hadLine) {
                tell(Invalidation.unknown(Invalidation.RECONNECTED));
            }
            hadLine = true;
            watchers.stream().filter(watcher -> !watcher.hasBegun()).toList().forEach(Watcher::begin);
        } else if (before != now) {
            tell(Invalidation.unknown(Invalidation.OTHERS));
        }
        boolean changed = before == null || before != now;
        List.copyOf(logs).forEach(log -> log.read(on, changed));
    }

    /** Another leader was found: the line to the one before is of no use. */
    public void epoch(long now) {
        Line open = line;
        if (open != null && open.epoch() < now) {
            open.close();
        }
    }

    public void close() {
        closed = true;
        List.copyOf(watchers).forEach(Watcher::complete);
        List.copyOf(logs).forEach(LogSubscription::complete);
        Line open = line;
        if (open != null) {
            open.close();
        }
    }
}
