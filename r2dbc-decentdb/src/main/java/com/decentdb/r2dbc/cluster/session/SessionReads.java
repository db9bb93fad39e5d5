package com.decentdb.r2dbc.cluster.session;

import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.database.ClusterDatabase;
import com.decentdb.r2dbc.cluster.database.PinnedLine;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineCursor;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.line.ReaderLines;
import com.decentdb.r2dbc.cluster.line.RowsCursor;
import com.decentdb.r2dbc.cluster.line.Work;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.cluster.write.Attempts;
import com.decentdb.r2dbc.cluster.write.WriteStep;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/** The queries of a session outside transactions, and their results that were not read to their end. */
final class SessionReads {

    private final ClusterDatabase database;
    private final Executor delivery;
    private final Supplier<@Nullable PinnedLine> pinned;
    private final Supplier<Duration> statementTimeout;
    private final Set<LineCursor> cursors = ConcurrentHashMap.newKeySet();

    SessionReads(
            ClusterDatabase database,
            Executor delivery,
            Supplier<@Nullable PinnedLine> pinned,
            Supplier<Duration> statementTimeout) {
        this.database = database;
        this.delivery = delivery;
        this.pinned = pinned;
        this.statementTimeout = statementTimeout;
    }

    /** Runs a query once. */
    Flux<Cursor> read(WriteStep step, Duration lockWait) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Cursor> subscriber) {
                subscriber.onSubscribe(new Read(subscriber, step, lockWait));
            }
        };
    }

    boolean hasOpenResults() {
        return !cursors.isEmpty();
    }

    /** Gives up all results not read to their end; who reads on gets an error. */
    void abandon(Supplier<R2dbcException> reason) {
        if (!cursors.isEmpty()) {
            EventLoops.giveUp(database.loop(), () -> cursors.forEach(cursor -> cursor.abandon(reason.get())));
        }
    }

    /** A query on its way. After {@link #submit} confined to the loop. */
    private final class Read extends Exchange<Cursor> implements ReaderLines.Reader, LineOpener.Opened {

        private final WriteStep step;
        private final Duration lockWait;
        private final Attempts attempts = database.attempts();
        private @Nullable Line line;
        private @Nullable Work running;
        private @Nullable LineCursor cursor;
        private boolean shared;
        private long busyUntil;

        Read(CoreSubscriber<? super Cursor> subscriber, WriteStep step, Duration lockWait) {
            super(subscriber, delivery);
            this.step = step;
            this.lockWait = lockWait;
        }

        @Override
        protected void submit() {
            expiresAt(Deadlines.after(statementTimeout.get()));
            busyUntil = Deadlines.after(lockWait);
            EventLoops.forRequest(database.loop(), this, this::begin);
        }

        private void begin() {
            PinnedLine own = pinned.get();
            shared = own == null;
            if (own == null) {
                database.readers().acquire(this);
            } else {
                own.line(this);
            }
        }

        @Override
        protected R2dbcException lateness() {
            return ReaderLines.timeout(statementTimeout.get(), database.config().maxReaders(), step.source());
        }

        @Override
        protected void release(Cursor late) {
            late.close();
        }

        @Override
        protected void withdraw() {
            EventLoops.giveUp(database.loop(), this::givenUp);
        }

        private void givenUp() {
            database.readers().withdraw(this);
            Line on = line;
            Work work = running;
            if (on != null && work != null) {
                running = null;
                on.giveUp(work);
                if (shared) {
                    on.whenFree(() -> database.readers().release(on));
                }
            }
        }

        @Override
        public void opened(Line own) {
            granted(own);
        }

        @Override
        public void granted(Line granted) {
            if (!start()) {
                giveBack(granted);
                return;
            }
            line = granted;
            granted.statementTimeout(statementTimeout.get());
            Tuple arguments;
            try {
                arguments = step.tuple(granted.features());
            } catch (Throwable e) {
                giveBack(granted);
                fail(Errors.map(e, step.source()));
                return;
            }
            Work work = work(granted, arguments);
            running = work;
            granted.submit(work);
        }

        private Work work(Line on, Tuple arguments) {
            return new Work(step.sql(), arguments, true) {
                @Override
                protected void rows(LineCursor opened) {
                    running = null;
                    cursor = opened;
                    if (!opened.ended()) {
                        cursors.add(opened);
                        opened.whenOver(() -> cursors.remove(opened));
                    }
                    opened.whenEnded(() -> giveBack(on));
                    answer(new RowsCursor(opened, database.loop(), delivery));
                }

                @Override
                protected void failed(Trouble trouble) {
                    running = null;
                    LineCursor opened = cursor;
                    if (opened != null) {
                        // The rows were there, but could not be handed over.
                        cursors.remove(opened);
                    }
                    decide(on, trouble);
                }

                @Override
                protected R2dbcException broken(Trouble trouble) {
                    attempts.note(on, trouble);
                    return Failures.ofRead(trouble, step.command());
                }

                @Override
                protected void paused() {
                    database.readers().rests(on);
                }

                @Override
                protected void resumed() {
                    database.readers().worksAgain(on);
                }
            };
        }

        private void decide(Line on, Trouble trouble) {
            try {
                decideOn(on, trouble);
            } catch (Throwable e) {
                fail(Failures.ofRead(trouble, step.command()));
            }
        }

        private void decideOn(Line on, Trouble trouble) {
            attempts.note(on, trouble);
            giveBack(on);
            boolean again = trouble.notExecuted() && attempts.onNewLeader(this::again, this::failed);
            if (!again && trouble.busy() && (busyUntil == NEVER || System.nanoTime() - busyUntil < 0)) {
                attempts.afterOthers(this::again, this::failed);
                again = true;
            }
            if (!again) {
                fail(Failures.ofRead(trouble, step.command()));
            }
        }

        /** Waits for a line again; a query that was cancelled meanwhile does not. */
        private void again() {
            if (putBack()) {
                begin();
            }
        }

        private void giveBack(Line on) {
            if (shared) {
                database.readers().release(on);
            }
        }

        @Override
        public void failed(R2dbcException error) {
            fail(Errors.map(error, step.source()));
        }

        @Override
        public void refused(R2dbcException error) {
            failed(error);
        }
    }
}
