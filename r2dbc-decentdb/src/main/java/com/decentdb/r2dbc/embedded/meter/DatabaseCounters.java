package com.decentdb.r2dbc.embedded.meter;

import static java.util.Objects.requireNonNull;

import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.sql.SqlCommand;
import io.r2dbc.spi.R2dbcException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/** Counts what happens on one database. Any thread; counting needs no memory. */
public final class DatabaseCounters {

    /** The purpose of a statement. */
    enum Kind {
        READ,
        WRITE,
        OTHER;

        static Kind of(SqlCommand.Kind kind) {
            return switch (kind) {
                case QUERY, PRAGMA -> READ;
                case DML -> WRITE;
                default -> OTHER;
            };
        }
    }

    /** The end of a statement's execution. */
    enum Outcome {
        OK,
        ERROR,
        /** Its subscriber cancelled, its time was up, or its connection was closed. */
        INTERRUPTED
    }

    private final Map<Kind, Map<Outcome, LongAdder>> statements = new EnumMap<>(Kind.class);
    private final AtomicLong commits = new AtomicLong();
    private final AtomicLong checkpoints = new AtomicLong();
    private final AtomicLong failedCheckpoints = new AtomicLong();
    private final AtomicLong events = new AtomicLong();
    private final AtomicInteger sessions = new AtomicInteger();
    private final AtomicInteger watches = new AtomicInteger();

    /** Counts from zero. */
    public DatabaseCounters() {
        for (Kind kind : Kind.values()) {
            Map<Outcome, LongAdder> byOutcome = new EnumMap<>(Outcome.class);
            for (Outcome outcome : Outcome.values()) {
                byOutcome.put(outcome, new LongAdder());
            }
            statements.put(kind, byOutcome);
        }
    }

    /** Runs a statement so many times and counts that, unless it only begins, ends or divides a transaction. */
    public <T> T counted(SqlCommand.Kind kind, int executions, Supplier<T> run) {
        try {
            T outcome = run.get();
            ran(kind, Outcome.OK, executions);
            return outcome;
        } catch (Throwable e) {
            ran(kind, interrupted(e) ? Outcome.INTERRUPTED : Outcome.ERROR, executions);
            throw e;
        }
    }

    private void ran(SqlCommand.Kind kind, Outcome outcome, int executions) {
        if (!kind.transactionControl()) {
            count(Kind.of(kind), outcome).add(executions);
        }
    }

    private static boolean interrupted(Throwable error) {
        return error instanceof NativeException e
                ? e.status() == Status.CANCELED
                : error instanceof R2dbcException refusal && "57014".equals(refusal.getSqlState());
    }

    private LongAdder count(Kind kind, Outcome outcome) {
        return requireNonNull(requireNonNull(statements.get(kind)).get(outcome));
    }

    /** A transaction, a group of writes or a single write was committed. */
    public void committed() {
        commits.incrementAndGet();
    }

    public void checkpointed(boolean done) {
        (done ? checkpoints : failedCheckpoints).incrementAndGet();
    }

    /** The engine reported a commit to a watch. */
    public void event() {
        events.incrementAndGet();
    }

    /** A session was opened, by 1, or closed, by -1. */
    public void sessions(int change) {
        sessions.addAndGet(change);
    }

    /** So many subscribers of watches came, or, if it is negative, went. */
    public void watches(int change) {
        watches.addAndGet(change);
    }

    long statements(Kind kind, Outcome outcome) {
        return count(kind, outcome).sum();
    }

    long commits() {
        return commits.get();
    }

    long checkpoints(boolean done) {
        return (done ? checkpoints : failedCheckpoints).get();
    }

    long events() {
        return events.get();
    }

    int sessions() {
        return sessions.get();
    }

    int watches() {
        return watches.get();
    }
}
