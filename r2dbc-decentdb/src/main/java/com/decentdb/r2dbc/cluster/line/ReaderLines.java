package com.decentdb.r2dbc.cluster.line;

import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The lines on which statements read, each for one reader at a time. Lines that rest, because their user does not read on, do not
 * count among those that may read at once, up to a bound. Confined to the loop.
 */
public final class ReaderLines {

    /** Results and transactions whose users take their time. */
    private static final int MOST_RESTING = 32;

    /** Waits for a line. */
    public interface Reader extends WaitQueue.Waiter {

        /** The line is the reader's until it is released. If this throws something, the reader is refused as well. */
        void granted(Line line);

        void refused(R2dbcException error);
    }

    private final LineOpener opener;
    private final int most;
    private final Duration validateAfterIdle;
    private final WaitQueue<Reader> readers = new WaitQueue<>(Integer.MAX_VALUE);
    private final Deque<Line> idle = new ArrayDeque<>();
    private final Set<Line> taken = new HashSet<>();
    private final Set<Line> resting = new HashSet<>();
    /** Those to be closed when they are given back. */
    private final Set<Line> stale = new HashSet<>();

    private long epoch;
    private int opening;
    private boolean closed;

    public ReaderLines(LineOpener opener, int most, Duration validateAfterIdle) {
        this.opener = opener;
        this.most = most;
        this.validateAfterIdle = validateAfterIdle;
    }

    /** Gives a line to a reader, or lets it wait for one. */
    public void acquire(Reader reader) {
        if (!readers.add(reader)) {
            reader.refused(Errors.closed());
            return;
        }
        serve();
    }

    /** Forgets a reader that gave up. */
    public void withdraw(Reader reader) {
        readers.remove(reader);
    }

    private void serve() {
        try {
            serveAll();
        } catch (Throwable e) {
            // One reader learns of it, and the others are served with the next line that is free.
            Reader unlucky = readers.poll();
            if (unlucky != null) {
                unlucky.refused(Errors.map(e, null));
            }
        }
    }

    private void serveAll() {
        while (!closed && readers.hasWaiter() && busy() < most) {
            Line line = idle.pollLast();
            boolean fresh = line != null && System.nanoTime() - line.idleSince() <= validateAfterIdle.toNanos();
            if (line != null && fresh) {
                grant(line);
            } else if (opening >= readers.size() || busy() + opening >= most) {
                // Those on their way will do.
                if (line != null) {
                    idle.addLast(line);
                }
                return;
            } else if (line != null) {
                check(line);
            } else {
                open();
            }
        }
    }

    private int busy() {
        return taken.size() - Math.min(resting.size(), MOST_RESTING);
    }

    private void open() {
        LineOpener.Opened opened = new LineOpener.Opened() {
            @Override
            public void opened(Line fresh) {
                opening--;
                grant(fresh);
                serve();
            }

            @Override
            public void failed(R2dbcException error) {
                opening--;
                Reader unlucky = readers.poll();
                if (unlucky != null) {
                    unlucky.refused(error);
                }
                serve();
            }
        };
        opening++;
        opener.open(opened);
    }

    private void check(Line line) {
        line.whenLost(null);
        Runnable over = () -> {
            opening--;
            grant(line);
            serve();
        };
        opening++;
        opener.check(line, over, over);
    }

    private void grant(Line line) {
        line.whenLost(null);
        Reader reader = closed || !line.isOpen() ? null : readers.poll();
        if (reader == null) {
            keep(line);
            return;
        }
        try {
            taken.add(line);
            line.whenLost(() -> release(line));
            reader.granted(line);
        } catch (Throwable e) {
            line.whenLost(null);
            line.close();
            taken.remove(line);
            reader.refused(Errors.map(e, null));
        }
    }

    /** Takes a line back, once; one that is not free, or of an earlier epoch, is closed. */
    public void release(Line line) {
        if (!taken.remove(line)) {
            return;
        }
        resting.remove(line);
        line.whenLost(null);
        line.whenFree(null);
        line.keep(false);
        keep(line);
        serve();
    }

    /** Takes a line that was opened for another purpose, unless there are enough. */
    public void add(Line line) {
        if (size() + opening < most) {
            keep(line);
            serve();
        } else {
            line.close();
        }
    }

    private void keep(Line line) {
        if (stale.remove(line) || closed || !line.isFree() || line.epoch() < epoch) {
            line.close();
        } else {
            try {
                line.whenLost(() -> idle.remove(line));
                idle.addLast(line);
            } catch (Throwable e) {
                line.close();
            }
        }
    }

    /** The user of a line does not read on. */
    public void rests(Line line) {
        if (taken.contains(line) && resting.add(line)) {
            serve();
        }
    }

    /** The user of a line reads on. */
    public void worksAgain(Line line) {
        resting.remove(line);
    }

    /** Another leader was found: lines to those before it are not used any more. */
    public void epoch(long now) {
        epoch = now;
        for (Line line : idle.toArray(Line[]::new)) {
            if (line.epoch() < now) {
                line.close();
            }
        }
    }

    /**
     * The schema changed. A node takes the columns of a query from the schema that its connection read last, so that one which has not
     * seen the change would leave new columns out once: no line that was opened before is used for another query.
     */
    public void schemaChanged() {
        stale.addAll(taken);
        for (Line line : idle.toArray(Line[]::new)) {
            line.close();
        }
    }

    /** How many lines there are. */
    public int size() {
        return idle.size() + taken.size();
    }

    public void close() {
        closed = true;
        readers.close().forEach(reader -> reader.refused(Errors.closed()));
        for (Line line : idle.toArray(Line[]::new)) {
            line.close();
        }
    }

    /** The error of a reader that waited too long. */
    public static R2dbcException timeout(Duration waited, int most, @Nullable String sql) {
        return Errors.of(
                "57014",
                "The query waited " + waited.toMillis() + " ms for one of " + most
                        + " reader connections and was not started. Read results to their end, or raise maxReaders",
                sql);
    }
}
