package com.decentdb.benchmarks.peer;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** The operations that are measured. The C peer knows them by the same names. */
public enum Operation {
    POINT("point read by key", 1, false, 256),
    POINT_BLOCK("point read by key, awaited with block() on an outside thread", 1, false, 1),
    RANGE("range of 1000 rows", Items.RANGE, false, 8),
    SCAN("scan of 100,000 rows", Items.ROWS, false, 1),
    MIX("9 point reads to 1 durable insert", 1, true, 256),
    INSERT("durable insert", 1, true, 256),
    QUEUED("durable insert through the write queue", 1, true, 256),
    TRANSACTION("1000 inserts one by one in one durable transaction", Items.RANGE, true, 1),
    BATCH("1000 inserts as one batch in one durable transaction", Items.RANGE, true, 1);

    private static final List<Integer> LEVELS = List.of(1, 8, 64, 256);
    private static final int STATEMENTS_FOR_EACH_WRITE = 10;

    private final String title;
    private final int rows;
    private final boolean durable;
    private final int mostInFlight;

    Operation(String title, int rows, boolean durable, int mostInFlight) {
        this.title = title;
        this.rows = rows;
        this.durable = durable;
        this.mostInFlight = mostInFlight;
    }

    public String title() {
        return title;
    }

    /** How many rows each run reads or writes. A run with another number is an error, not a measurement. */
    public int rows() {
        return rows;
    }

    /** Whether it writes, so that only peers whose commits survive a loss of power may be compared. */
    public boolean durable() {
        return durable;
    }

    /** How many callers ask at the same time, a measurement for each number. */
    public List<Integer> inFlight() {
        return LEVELS.stream().filter(level -> level <= mostInFlight).toList();
    }

    /** The statement that is next in line: that of the operation itself, or one of its mix. */
    Operation next() {
        return switch (this) {
            case POINT_BLOCK -> POINT;
            case MIX -> ThreadLocalRandom.current().nextInt(STATEMENTS_FOR_EACH_WRITE) == 0 ? INSERT : POINT;
            default -> this;
        };
    }
}
