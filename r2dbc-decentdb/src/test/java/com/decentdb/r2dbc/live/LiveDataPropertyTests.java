package com.decentdb.r2dbc.live;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.LiveQuery;
import com.decentdb.r2dbc.api.RowChange;
import io.r2dbc.spi.Row;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * Whatever is written, rolled back, altered and cancelled, and however slow a subscriber is: a live query ends with what
 * the query gives, and a change stream without a gap replays to the table. {@code -Dlive.rounds} sets how many random
 * histories, {@code -Dlive.seed} where they begin.
 */
class LiveDataPropertyTests {

    private static final int ROUNDS = Integer.getInteger("live.rounds", 150);
    private static final long SEED = Long.getLong("live.seed", System.nanoTime());

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @Test
    void liveQueriesEndWithTheQueryAndChangeStreamsReplayToTheTable() {
        assumeTrue(database.bundled(), "DecentDB 2.16 comes to report duplicate keys in such histories");
        List<DecentDbConnection> writers = List.of(database.connect(), database.connect());
        for (int round = 0; round < ROUNDS; round++) {
            new History(SEED + round, writers).run();
        }
    }

    /** One random history of a table of its own. */
    private final class History {

        private final long seed;
        private final Random random;
        private final List<DecentDbConnection> writers;
        private final String table;
        private final String view;
        private int columns;

        History(long seed, List<DecentDbConnection> writers) {
            this.seed = seed;
            this.random = new Random(seed);
            this.writers = writers;
            this.table = "t" + Long.toUnsignedString(seed);
            this.view = "v" + Long.toUnsignedString(seed);
        }

        void run() {
            DecentDbConnection first = writers.get(0);
            await(first.execute("CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, v TEXT)"));
            await(first.execute("CREATE VIEW " + view + " AS SELECT id, v FROM " + table));
            List<Live> queries = new ArrayList<>();
            Replay replay = new Replay();
            database.factory().changeStream(table).subscribe(replay);
            until("the stream is in place", () -> replay.begun);
            int writes = 10 + random.nextInt(30);
            for (int i = 0; i < writes; i++) {
                if (random.nextInt(8) == 0 && queries.size() < 3) {
                    queries.add(subscribe());
                }
                if (random.nextInt(20) == 0 && !queries.isEmpty()) {
                    queries.remove(random.nextInt(queries.size())).cancel();
                }
                write(writers.get(random.nextInt(writers.size())));
            }
            queries.add(subscribe());
            List<String> table = awaitAll(first.fetchAll(sql(this.table, 0)).map(String::valueOf));
            for (Live live : queries) {
                List<String> wanted = awaitAll(first.fetchAll(live.sql)
                        .map(row -> row.stream().map(String::valueOf).toList().toString()));
                until(live.sql + " ends with " + wanted, () -> wanted.equals(live.last));
                live.cancel();
            }
            until("the stream replays to " + table, () -> table.equals(replay.rows()));
            assertThat(replay.gap).as("seed %d", seed).isFalse();
            replay.cancel();
            await(first.execute("DROP VIEW " + view));
            await(first.execute("DROP TABLE " + this.table));
        }

        private Live subscribe() {
            Live live = new Live(sql(random.nextBoolean() ? table : view, random.nextInt(3)), random.nextBoolean());
            LiveQuery query = database.factory().liveQuery(live.sql).minInterval(Duration.ofMillis(random.nextInt(3)));
            (random.nextBoolean() ? query.distinctUntilChanged() : query)
                    .map(History::text)
                    // A view that is replaced is gone for a moment, which ends a live query.
                    .retryWhen(Retry.fixedDelay(1_000, Duration.ofMillis(5)))
                    .subscribe(live);
            return live;
        }

        private static String text(Row row) {
            return row.getMetadata().getColumnMetadatas().stream()
                    .map(column -> String.valueOf(row.get(column.getName())))
                    .toList()
                    .toString();
        }

        private String sql(String from, int form) {
            return switch (form) {
                case 0 -> "SELECT id, v FROM " + from + " ORDER BY id";
                case 1 -> "SELECT COUNT(*) AS n, MAX(id) AS top FROM " + from;
                default -> "SELECT v, COUNT(*) AS n FROM " + from + " WHERE id < 15 GROUP BY v ORDER BY v";
            };
        }

        private void write(DecentDbConnection writer) {
            int kind = random.nextInt(20);
            if (kind < 8) {
                await(writer.execute(change(), id(), text()).onErrorResume(taken -> Mono.just(0L)));
            } else if (kind < 11) {
                await(writer.executeQueued(change(), id(), text()).onErrorResume(taken -> Mono.just(0L)));
            } else if (kind < 14) {
                await(writer.inTransaction(tx ->
                                Flux.range(0, 1 + random.nextInt(3)).concatMap(i -> tx.execute(change(), id(), text())))
                        .onErrorResume(taken -> Mono.empty()));
            } else if (kind < 16) {
                await(writer.beginTransaction());
                await(writer.execute("DELETE FROM " + table));
                await(writer.rollbackTransaction());
            } else if (kind < 18) {
                await(writer.execute("DELETE FROM " + table + " WHERE id = $1", id()));
            } else if (kind == 18) {
                await(writer.execute("ALTER TABLE " + table + " ADD COLUMN c" + columns++ + " INTEGER"));
            } else {
                await(writer.execute("DROP VIEW " + view));
                await(writer.execute("CREATE VIEW " + view + " AS SELECT id, v FROM " + table));
            }
        }

        private String change() {
            return switch (random.nextInt(3)) {
                case 0 -> "INSERT INTO " + table + " (id, v) VALUES ($1, $2)";
                case 1 -> "UPDATE " + table + " SET v = $2 WHERE id >= $1";
                default ->
                    "INSERT INTO " + table + " (id, v) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET v = excluded.v";
            };
        }

        private int id() {
            return random.nextInt(25);
        }

        private String text() {
            return "x" + random.nextInt(6);
        }

        private void until(String what, BooleanSupplier condition) {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!condition.getAsBoolean()) {
                assertThat(System.nanoTime() < deadline)
                        .as("seed %d: %s", seed, what)
                        .isTrue();
                LockSupport.parkNanos(200_000);
            }
        }
    }

    /** The last result of a live query; a slow one asks for one result at a time. */
    private static final class Live extends BaseSubscriber<List<String>> {

        private final String sql;
        private final boolean slow;
        private volatile @Nullable List<String> last;

        Live(String sql, boolean slow) {
            this.sql = sql;
            this.slow = slow;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            request(slow ? 1 : Long.MAX_VALUE);
        }

        @Override
        protected void hookOnNext(List<String> rows) {
            if (slow) {
                LockSupport.parkNanos(1_000_000);
            }
            last = rows;
            request(1);
        }

        @Override
        protected void hookOnError(Throwable error) {
            last = List.of(String.valueOf(error));
        }
    }

    /** The rows a change stream leads to. */
    private static final class Replay extends BaseSubscriber<Change> {

        private final Map<Long, String> rows = new TreeMap<>();
        private volatile boolean begun;
        private volatile boolean gap;

        @Override
        protected void hookOnNext(Change change) {
            if (change instanceof Change.Commit commit) {
                gap |= !commit.complete();
                commit.rows().forEach(this::apply);
            } else if (change instanceof Change.Lagged) {
                gap = true;
            }
            begun = true;
        }

        synchronized List<String> rows() {
            return List.copyOf(rows.values());
        }

        private synchronized void apply(RowChange row) {
            if (row.before() != null) {
                rows.remove(row.before().get("id", Long.class));
            }
            if (row.after() != null) {
                Long id = requireNonNull(row.after().get("id", Long.class));
                rows.put(id, List.of(id, String.valueOf(row.after().get("v"))).toString());
            }
        }
    }
}
