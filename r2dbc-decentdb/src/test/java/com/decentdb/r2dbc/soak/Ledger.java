package com.decentdb.r2dbc.soak;

import com.decentdb.r2dbc.api.DecentDbConnection;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;

/** The ids that were given to rows, those whose write was acknowledged, and those whose write certainly did not happen. */
final class Ledger {

    private final AtomicInteger ids = new AtomicInteger();
    private final BitSet acknowledged = new BitSet();
    private final BitSet refused = new BitSet();

    /** Ids of the second process, which counts for itself. */
    private final BitSet acknowledgedBeside = new BitSet();

    final AtomicLong rows = new AtomicLong();

    /** Gives so many ids in a row, and returns the first. */
    int next(int count) {
        return ids.getAndAdd(count);
    }

    synchronized void acknowledge(int first, int count) {
        acknowledged.set(first, first + count);
    }

    synchronized void refuse(int id) {
        refused.set(id);
    }

    synchronized void acknowledgeBeside(int id) {
        acknowledgedBeside.set(id);
    }

    /** Compares with the rows in the database; the text names what does not fit and is empty where all does. */
    String compare(DecentDbConnection connection) {
        BitSet found = ids(connection, "entry");
        BitSet foundBeside = ids(connection, "beside");
        rows.set(found.cardinality() + (long) foundBeside.cardinality());
        StringBuilder wrong = new StringBuilder();
        synchronized (this) {
            note(wrong, "acknowledged and lost", minus(acknowledged, found));
            note(wrong, "acknowledged to the second process and lost", minus(acknowledgedBeside, foundBeside));
            BitSet done = (BitSet) refused.clone();
            done.and(found);
            note(wrong, "refused and there", done);
        }
        Long halves = connection
                .fetchValue(
                        "SELECT COUNT(*) FROM entry e WHERE partner IS NOT NULL"
                                + " AND NOT EXISTS (SELECT 1 FROM entry p WHERE p.id = e.partner)",
                        Long.class)
                .block();
        if (halves == null || halves != 0) {
            wrong.append("halves of a transaction: ").append(halves).append('\n');
        }
        return wrong.toString();
    }

    synchronized long acknowledged() {
        return acknowledged.cardinality() + (long) acknowledgedBeside.cardinality();
    }

    private static BitSet ids(DecentDbConnection connection, String table) {
        return connection
                .fetchLists("SELECT id FROM " + table)
                .reduceWith(BitSet::new, (set, row) -> {
                    set.set(((Long) row.get(0)).intValue());
                    return set;
                })
                .switchIfEmpty(Mono.fromSupplier(BitSet::new))
                .blockOptional()
                .orElseThrow();
    }

    private static BitSet minus(BitSet from, BitSet what) {
        BitSet rest = (BitSet) from.clone();
        rest.andNot(what);
        return rest;
    }

    private static void note(StringBuilder wrong, String problem, BitSet ids) {
        if (!ids.isEmpty()) {
            wrong.append(problem).append(": ").append(ids.cardinality()).append(", the first is ");
            wrong.append(ids.nextSetBit(0)).append('\n');
        }
    }
}
