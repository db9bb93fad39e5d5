package com.decentdb.r2dbc.cluster.watch;

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
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.netty.channel.EventLoop;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
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
public final class Watches {

    private final EventLoop loop;
    private final LineOpener opener;
    private final Supplier<Attempts> attempts;
    private final Duration interval;
    private final Set<Watcher> watchers = new LinkedHashSet<>();
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

    /** Changes of what a request names; any thread. */
    public Flux<WatchedEvent> watch(WatchRequest request, Executor delivery) {
        if (request instanceof WatchRequest.Changes) {
            return Flux.error(Errors.of(
                    "0A000",
                    "A dqlite cluster does not report changed rows; watch tables or queries, which read again what may have changed",
                    null));
        }
        Set<String> tables = tables(request);
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super WatchedEvent> subscriber) {
                subscriber.onSubscribe(new Watcher(tables, subscriber, Watches.this, delivery));
            }
        };
    }

    /** The tables of a request; null for a query, whose tables only the server knows. */
    private static @Nullable Set<String> tables(WatchRequest request) {
        if (request instanceof WatchRequest.Tables named) {
            return named.tables().stream()
                    .map(name -> name.toLowerCase(Locale.ROOT))
                    .collect(Collectors.toSet());
        }
        return request instanceof WatchRequest.Range range
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
            if (!polling) {
                polling = true;
                poll();
            }
        });
    }

    void remove(Watcher watcher) {
        EventLoops.giveUp(loop, () -> watchers.remove(watcher));
    }

    /** This factory committed. */
    public void committed(List<WriteStep> writes) {
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
        Line open = line;
        if (watchers.isEmpty() || closed) {
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
        var unused = loop.schedule(this::poll, interval.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void ask(Line on) {
        on.submit(new Work("PRAGMA data_version", Tuple.NONE, true) {
            @Override
            protected void rows(LineCursor cursor) {
                if (cursor.first().rows() == 1) {
                    seen(cursor.first().int64(0, 0));
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

    private void seen(long now) {
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
        Line open = line;
        if (open != null) {
            open.close();
        }
    }
}
