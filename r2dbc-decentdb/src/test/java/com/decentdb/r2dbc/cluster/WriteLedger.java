package com.decentdb.r2dbc.cluster;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.OutcomeUnknownException;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import reactor.core.publisher.Mono;

/**
 * Writes rows, each id once, and keeps what the driver said of each: acknowledged, undecided, or not executed. The table has no key,
 * so that a row that is written twice is there twice.
 */
public final class WriteLedger {

    /** Creates the table of the rows. */
    public static final String TABLE = "CREATE TABLE entry (id INTEGER NOT NULL, partner INTEGER)";

    private enum Outcome {
        ACKNOWLEDGED,
        UNDECIDED,
        NOT_EXECUTED
    }

    private final AtomicLong ids = new AtomicLong();
    private final Map<Long, Outcome> outcomes = new ConcurrentHashMap<>();
    private final AtomicLong acknowledged = new AtomicLong();
    private final Map<String, AtomicLong> errors = new ConcurrentHashMap<>();

    /** Inserts a row on its own, or two rows that name each other in a transaction; completes whatever comes of it. */
    public Mono<Void> write(DecentDbConnection connection) {
        return Mono.defer(() -> {
            long id = ids.addAndGet(2);
            return id % 8 == 0 ? pair(connection, id) : single(connection, id);
        });
    }

    private Mono<Void> single(DecentDbConnection connection, long id) {
        return connection
                .execute("INSERT INTO entry (id) VALUES ($1)", id)
                .then(Mono.<Void>fromRunnable(() -> note(Outcome.ACKNOWLEDGED, id)))
                .onErrorResume(R2dbcException.class, error -> failed(error, id));
    }

    private Mono<Void> pair(DecentDbConnection connection, long id) {
        Mono<Void> writing = connection
                .beginTransaction()
                .then(connection.execute("INSERT INTO entry VALUES ($1, $2)", id, id + 1))
                .then(connection.execute("INSERT INTO entry VALUES ($1, $2)", id + 1, id))
                .then(Mono.from(connection.commitTransaction()));
        return writing.then(Mono.<Void>fromRunnable(() -> note(Outcome.ACKNOWLEDGED, id, id + 1)))
                .onErrorResume(
                        R2dbcException.class,
                        error -> Mono.from(connection.rollbackTransaction())
                                .onErrorComplete()
                                .then(failed(error, id, id + 1)));
    }

    private Mono<Void> failed(R2dbcException error, long... written) {
        return Mono.fromRunnable(() -> {
            errors.computeIfAbsent(String.valueOf(error.getSqlState()), state -> new AtomicLong())
                    .incrementAndGet();
            note(error instanceof OutcomeUnknownException ? Outcome.UNDECIDED : Outcome.NOT_EXECUTED, written);
        });
    }

    private void note(Outcome outcome, long... written) {
        for (long id : written) {
            outcomes.put(id, outcome);
        }
        if (outcome == Outcome.ACKNOWLEDGED) {
            acknowledged.incrementAndGet();
        }
    }

    /** How many writes were acknowledged so far. */
    public long acknowledged() {
        return acknowledged.get();
    }

    /** The SQLSTATEs of the errors so far. */
    public Set<String> sqlStates() {
        return Set.copyOf(errors.keySet());
    }

    /** Compares with the rows that the leader has, asked without the driver; empty if all is well. */
    public List<String> faults(RealCluster cluster) {
        List<Long> rows = cluster.integers("SELECT id FROM entry");
        Set<Long> present = new HashSet<>(rows);
        List<String> faults = new ArrayList<>();
        add(faults, "acknowledged and lost", with(Outcome.ACKNOWLEDGED, id -> !present.contains(id)));
        add(faults, "reported as not executed and there", with(Outcome.NOT_EXECUTED, present::contains));
        add(faults, "there twice", cluster.integers("SELECT id FROM entry GROUP BY id HAVING count(*) > 1"));
        add(
                faults,
                "half of a transaction",
                cluster.integers("SELECT id FROM entry WHERE partner NOT IN (SELECT id FROM entry)"));
        return faults;
    }

    private List<Long> with(Outcome outcome, Predicate<Long> wrong) {
        return outcomes.entrySet().stream()
                .filter(entry -> entry.getValue() == outcome && wrong.test(entry.getKey()))
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    private static void add(List<String> faults, String what, List<Long> ids) {
        if (!ids.isEmpty()) {
            faults.add(ids.size() + " " + what + ": " + ids.subList(0, Math.min(20, ids.size())));
        }
    }

    @Override
    public String toString() {
        long undecided = outcomes.values().stream()
                .filter(outcome -> outcome == Outcome.UNDECIDED)
                .count();
        return acknowledged() + " writes acknowledged, " + undecided + " rows undecided, errors by SQLSTATE " + errors;
    }
}
