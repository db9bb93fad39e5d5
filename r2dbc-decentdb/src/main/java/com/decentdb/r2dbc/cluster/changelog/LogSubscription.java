package com.decentdb.r2dbc.cluster.changelog;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineCursor;
import com.decentdb.r2dbc.cluster.line.Work;
import com.decentdb.r2dbc.cluster.meter.ClusterLog;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.RowsFrame;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.SerializedDrain;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * A subscriber to the change log. The log itself is its buffer: a page is read when the subscriber has got those before it and asks for
 * more, so that one page is in memory however slow the subscriber is. Pages are read on the loop and decoded where they are delivered.
 */
public final class LogSubscription extends SerializedDrain implements Subscription {

    /** The place where subscribers find the line on which the log is read; any thread. */
    public interface Place {

        void join(LogSubscription subscription);

        void leave(LogSubscription subscription);

        /** The subscriber is ready for another page: {@link #want} is to be called on the loop. */
        void wanted(LogSubscription subscription);
    }

    /** With the position fewer parameters than any server takes. */
    private static final int MOST_TABLES = 200;

    private static final String POSITION =
            "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = '" + LogTriggers.LOG + "'), 0) AS position";

    private final LogRequest request;
    private final CoreSubscriber<? super WatchedEvent> subscriber;
    private final Place place;
    private final BiConsumer<Line, Trouble> notes;
    private final AtomicLong requested = new AtomicLong();
    private final AtomicBoolean joined = new AtomicBoolean();
    private final AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
    private final AtomicReference<@Nullable Supplier<List<WatchedEvent>>> arrived = new AtomicReference<>();
    private volatile boolean completes;
    private volatile boolean over;

    // Confined to the delivering thread.
    private final Deque<WatchedEvent> ready = new ArrayDeque<>();
    private boolean asked;

    // Confined to the loop.
    private boolean wanted;
    private boolean reading;
    private boolean described;
    private boolean begun;
    private boolean behind;
    private long schemaVersion;
    private long position;
    private List<String> tables = List.of();
    private Map<String, LogTable> logged = Map.of();
    private @Nullable NotLogged problem;

    /**
     * A subscriber that has asked for nothing yet.
     *
     * @param notes takes what goes wrong on a line, for the search for the leader
     */
    public LogSubscription(
            LogRequest request,
            CoreSubscriber<? super WatchedEvent> subscriber,
            Place place,
            BiConsumer<Line, Trouble> notes,
            Executor delivery) {
        super(delivery);
        this.request = request;
        this.subscriber = subscriber;
        this.place = place;
        this.notes = notes;
    }

    @Override
    public void request(long n) {
        if (n <= 0) {
            end.compareAndSet(null, new IllegalArgumentException("Demand must be positive, not " + n));
        } else {
            requested.getAndAccumulate(n, Operators::addCap);
            if (joined.compareAndSet(false, true)) {
                place.join(this);
            }
        }
        drain();
    }

    @Override
    public void cancel() {
        over = true;
        place.leave(this);
    }

    /** The database is closed. */
    public void complete() {
        completes = true;
        drain();
    }

    @Override
    protected void step() {
        try {
            deliver();
        } catch (Throwable e) {
            // The subscriber threw. It may have operators behind it that wait for an end.
            finish(e);
        }
    }

    private void deliver() {
        while (!over) {
            if (completes) {
                cancel();
                subscriber.onComplete();
                return;
            }
            Supplier<List<WatchedEvent>> page = ready.isEmpty() ? arrived.getAndSet(null) : null;
            if (page != null) {
                asked = false;
                ready.addAll(decoded(page));
            }
            if (ready.isEmpty()) {
                endOrAsk();
                return;
            }
            if (requested.get() == 0) {
                return;
            }
            if (requested.get() != Long.MAX_VALUE) {
                requested.decrementAndGet();
            }
            subscriber.onNext(ready.remove());
        }
    }

    private static List<WatchedEvent> decoded(Supplier<List<WatchedEvent>> page) {
        try {
            return page.get();
        } catch (RuntimeException e) {
            throw Errors.map(e, null);
        }
    }

    private void endOrAsk() {
        Throwable error = end.get();
        if (error != null) {
            finish(error);
        } else if (requested.get() > 0 && !asked) {
            asked = true;
            place.wanted(this);
        }
    }

    private void finish(Throwable error) {
        if (!over) {
            over = true;
            try {
                // A subscriber may turn to a watch without rows then, for which the line is to stay open.
                Exchange.fail(subscriber, error);
            } finally {
                place.leave(this);
            }
        }
    }

    private void fail(Throwable error) {
        end.compareAndSet(null, error);
        drain();
    }

    private void arrive(Supplier<List<WatchedEvent>> events) {
        wanted = false;
        arrived.set(events);
        drain();
    }

    /** The subscriber is ready for another page; on the loop. */
    public void want() {
        wanted = true;
    }

    /**
     * Reads on if the subscriber is ready; on the loop.
     *
     * @param changed whether there may be more in the log than there was
     */
    public void read(Line line, boolean changed) {
        behind |= changed;
        if (over || reading || !wanted || !line.isOpen() || end.get() != null) {
            return;
        }
        NotLogged reason = problem;
        if (!described) {
            ask(line, LogTable.LOGGED, Tuple.NONE, this::describe);
        } else if (reason != null && (!begun || !behind)) {
            fail(reason);
        } else if (!begun) {
            ask(line, POSITION, Tuple.NONE, frames -> begin(frames.get(0).int64(0, 0)));
        } else if (behind) {
            long from = position;
            ask(
                    line,
                    LogPage.query(tables.size()),
                    LogPage.arguments(from, tables),
                    frames -> take(new LogPage(frames, from, logged, request.range())));
        }
    }

    private void describe(List<RowsFrame> frames) {
        Map<String, LogTable> all = new LinkedHashMap<>();
        for (RowsFrame frame : frames) {
            for (int i = 0; i < frame.rows(); i++) {
                schemaVersion = frame.int64(i, 0);
                if (!frame.isNull(i, 1)) {
                    LogTable table = LogTable.of(
                            frame.text(i, 1),
                            frame.text(i, 2),
                            frame.int64(i, 3) == 0,
                            frame.text(i, 4),
                            frame.text(i, 5),
                            frame.text(i, 6));
                    all.put(table.name(), table);
                }
            }
        }
        logged = all;
        described = true;
        problem = check(all);
        NotLogged reason = problem;
        if (reason != null && begun) {
            ClusterLog.warn("A change stream or watch ends: {}", String.valueOf(reason.getMessage()));
        }
    }

    private @Nullable NotLogged check(Map<String, LogTable> all) {
        List<String> names = new ArrayList<>();
        List<LogTable> wanting = new ArrayList<>();
        if (request.tables().isEmpty()) {
            wanting.addAll(all.values());
        }
        for (String name : request.tables()) {
            LogTable found = all.values().stream()
                    .filter(table -> table.name().equalsIgnoreCase(name))
                    .findFirst()
                    .orElse(null);
            if (found == null) {
                return NotLogged.none(name);
            }
            names.add(found.name());
            wanting.add(found);
        }
        if (wanting.isEmpty()) {
            return NotLogged.nothing();
        }
        for (LogTable table : wanting) {
            if (!table.isCurrent()) {
                return NotLogged.changed(table.name());
            }
            if (request.range() != null && table.key().isEmpty()) {
                throw Errors.of(
                        "0A000", "The table " + table.name() + " has no primary key, so that it has no ranges", null);
            }
        }
        if (names.size() > MOST_TABLES) {
            throw Errors.of(
                    "0A000",
                    names.size() + " tables are named, and " + MOST_TABLES
                            + " can be; name none for all that are logged",
                    null);
        }
        tables = names;
        return null;
    }

    private void begin(long last) {
        Long after = request.after();
        if (after != null && after > last) {
            throw Errors.of(
                    "22023",
                    "There is no change " + after + " in the change log, whose last is " + last
                            + ": the number is of another database, or of a log that was dropped",
                    null);
        }
        long start = after == null ? last : after;
        position = start;
        begun = true;
        behind = true;
        String description = "{\"event\":\"initial\",\"event_id\":" + start + "}";
        arrive(() -> List.of(WatchedEvent.plain(WatchedEvent.Type.INITIAL, start, start, start, "", description)));
    }

    private void take(LogPage page) {
        if (page.schemaVersion() != schemaVersion) {
            // It is read again when the tables are known as they are now.
            described = false;
        } else if (page.isEmpty()) {
            behind = false;
        } else {
            position = page.last();
            arrive(page::events);
        }
    }

    private void ask(Line line, String sql, Tuple arguments, Consumer<List<RowsFrame>> use) {
        reading = true;
        line.submit(new Work(sql, arguments, true) {

            private @Nullable Trouble trouble;

            @Override
            protected void rows(LineCursor cursor) {
                cursor.readAll((frames, failure) -> {
                    reading = false;
                    Trouble broken = trouble;
                    if (broken != null) {
                        troubled(line, broken);
                    } else if (failure != null) {
                        fail(failure);
                    } else {
                        taken(line, use, frames);
                    }
                });
            }

            @Override
            protected void failed(Trouble refused) {
                reading = false;
                troubled(line, refused);
            }

            @Override
            protected R2dbcException broken(Trouble broken) {
                trouble = broken;
                return Failures.ofRead(broken, null);
            }
        });
    }

    private void taken(Line line, Consumer<List<RowsFrame>> use, List<RowsFrame> frames) {
        try {
            use.accept(frames);
        } catch (Throwable e) {
            fail(Errors.map(e, null));
            return;
        }
        read(line, false);
    }

    /** With another leader, or when the node is no longer busy, it is tried again at the next poll. */
    private void troubled(Line line, Trouble trouble) {
        notes.accept(line, trouble);
        if (!trouble.doubtsLeader() && !trouble.busy() && !trouble.notExecuted()) {
            fail(Failures.ofRead(trouble, null));
        }
    }
}
