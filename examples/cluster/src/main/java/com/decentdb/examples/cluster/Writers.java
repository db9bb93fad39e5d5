package com.decentdb.examples.cluster;

import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.OutcomeUnknownException;
import io.r2dbc.spi.R2dbcException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Inserts rows on many connections, and keeps account of what the cluster said of each. */
final class Writers {

    private static final int WRITERS = 32;

    private final AtomicLong ids = new AtomicLong();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    /** Whether these are there nobody can say before one looks. */
    private final Set<Long> unknown = ConcurrentHashMap.newKeySet();
    /** These are certainly not there. */
    private final Set<Long> failed = ConcurrentHashMap.newKeySet();

    private volatile boolean stopping;

    /** Writes until {@link #stop}. */
    Mono<Void> run(DecentDbConnectionFactory factory) {
        return Flux.range(0, WRITERS)
                .flatMap(
                        writer -> Mono.usingWhen(
                                factory.create(),
                                connection -> Mono.defer(() -> insert(connection))
                                        .repeat(() -> !stopping)
                                        .then(),
                                DecentDbConnection::close),
                        WRITERS)
                .then();
    }

    private Mono<Void> insert(DecentDbConnection connection) {
        long id = ids.incrementAndGet();
        return connection
                .execute("INSERT INTO entry (id) VALUES ($1)", id)
                .doOnNext(rows -> acknowledged.add(id))
                .then()
                .onErrorResume(OutcomeUnknownException.class, error -> Mono.fromRunnable(() -> unknown.add(id)))
                .onErrorResume(R2dbcException.class, error -> Mono.fromRunnable(() -> failed.add(id)));
    }

    void stop() {
        stopping = true;
    }

    int acknowledged() {
        return acknowledged.size();
    }

    /** Compares with what is there; the only difference allowed is among the unknown ones. */
    Account account(List<Long> rows) {
        Set<Long> present = new HashSet<>(rows);
        return new Account(
                acknowledged.size(),
                (int) acknowledged.stream().filter(id -> !present.contains(id)).count(),
                unknown.size(),
                (int) unknown.stream().filter(present::contains).count(),
                failed.size(),
                (int) failed.stream().filter(present::contains).count(),
                rows.size() - present.size());
    }

    /**
     * The fate of the rows.
     *
     * @param lost acknowledged and not there
     * @param unknown reported as unknown, of which some are there
     * @param failed reported as not executed
     * @param wrong of these, those that are there
     * @param twice there more than once
     */
    record Account(int acknowledged, int lost, int unknown, int executed, int failed, int wrong, int twice) {

        boolean isRight() {
            return lost == 0 && wrong == 0 && twice == 0;
        }

        @Override
        public String toString() {
            return String.format(
                    "acknowledged %,d, lost %d, twice %d; unknown %d, of which %d are there; failed %d, of which %d are there",
                    acknowledged, lost, twice, unknown, executed, failed, wrong);
        }
    }
}
