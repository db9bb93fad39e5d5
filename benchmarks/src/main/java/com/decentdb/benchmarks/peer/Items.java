package com.decentdb.benchmarks.peer;

import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.Wrapped;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The table every peer is measured on, and the operations on it, in plain R2DBC. */
public final class Items {

    public static final int ROWS = 100_000;
    public static final int RANGE = 1_000;

    static final String CREATE = "CREATE TABLE IF NOT EXISTS item (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL,"
            + " score DOUBLE PRECISION NOT NULL, stamp BIGINT NOT NULL)";
    static final String INSERT = "INSERT INTO item (id, name, score, stamp) VALUES ($1, $2, $3, $4)";
    static final String POINT = "SELECT id, name, score, stamp FROM item WHERE id = $1";
    static final String RANGE_OF_ROWS = "SELECT id, name, score, stamp FROM item WHERE id >= $1 ORDER BY id LIMIT $2";
    static final String NEXT_ID = "SELECT COALESCE(MAX(id) + 1, 0) FROM item";

    private Items() {}

    /** A row as an application would have it. */
    public record Item(long id, String name, double score, long stamp) {

        static Item of(Row row) {
            return new Item(
                    value(row, 0, Long.class),
                    value(row, 1, String.class),
                    value(row, 2, Double.class),
                    value(row, 3, Long.class));
        }

        static String name(long id) {
            return "item number " + id;
        }

        static double score(long id) {
            return id / 3.0;
        }

        static long stamp(long id) {
            return id * 1_000L;
        }
    }

    /** Creates the table and its rows where it is not there yet; returns the first id that is free. */
    public static Mono<Long> create(Connection connection, int rows) {
        return update(connection.createStatement(CREATE))
                .then(nextId(connection))
                .filter(next -> next < rows)
                .flatMap(next -> Mono.from(connection.beginTransaction())
                        .thenMany(Flux.range(next.intValue(), rows - next.intValue())
                                .concatMap(id -> insert(connection, id)))
                        .then(Mono.from(connection.commitTransaction())))
                .then(nextId(connection));
    }

    private static Mono<Long> nextId(Connection connection) {
        return Mono.from(connection.createStatement(NEXT_ID).execute())
                .flatMap(result -> Mono.from(result.map((row, metadata) -> value(row, 0, Long.class))));
    }

    public static Mono<Item> point(Connection connection, long id) {
        return rows(connection.createStatement(POINT).bind(0, id)).singleOrEmpty();
    }

    /** The same with an alias that makes each text differ. */
    public static Mono<Item> pointOfNewText(Connection connection, long id, long text) {
        return rows(connection
                        .createStatement("SELECT id, name, score, stamp AS s" + text + " FROM item WHERE id = $1")
                        .bind(0, id))
                .singleOrEmpty();
    }

    public static Flux<Item> range(Connection connection, long from, int count) {
        return rows(connection.createStatement(RANGE_OF_ROWS).bind(0, from).bind(1, (long) count));
    }

    public static Mono<Long> insert(Connection connection, long id) {
        return update(bind(connection.createStatement(INSERT), id));
    }

    /** The same insert through the engine's write queue, which only this driver has. */
    public static Mono<Long> insertQueued(Connection connection, long id) {
        return own(connection).executeQueued(INSERT, id, Item.name(id), Item.score(id), Item.stamp(id));
    }

    /** This driver's connection, which a pool wraps. */
    static DecentDbConnection own(Connection connection) {
        return connection instanceof DecentDbConnection direct
                ? direct
                : Objects.requireNonNull(((Wrapped<?>) connection).unwrap(DecentDbConnection.class));
    }

    /** Inserts in one transaction, each begun when the one before is done. */
    public static Mono<Long> insertOneByOne(Connection connection, long from, int count) {
        return inTransaction(
                connection,
                Flux.range(0, count)
                        .concatMap(i -> insert(connection, from + i))
                        .reduce(0L, Long::sum));
    }

    /** The same as one statement with many bindings. */
    public static Mono<Long> insertBatch(Connection connection, long from, int count) {
        return inTransaction(
                connection,
                Flux.defer(() -> {
                            Statement statement = connection.createStatement(INSERT);
                            for (int i = 0; i < count; i++) {
                                bind(i == 0 ? statement : statement.add(), from + i);
                            }
                            return Flux.from(statement.execute());
                        })
                        .concatMap(Result::getRowsUpdated)
                        .reduce(0L, Long::sum));
    }

    private static Mono<Long> inTransaction(Connection connection, Mono<Long> work) {
        return Mono.from(connection.beginTransaction())
                .then(work)
                .flatMap(rows -> Mono.from(connection.commitTransaction()).then(Mono.just(rows)));
    }

    private static Statement bind(Statement statement, long id) {
        return statement
                .bind(0, id)
                .bind(1, Item.name(id))
                .bind(2, Item.score(id))
                .bind(3, Item.stamp(id));
    }

    private static Mono<Long> update(Statement statement) {
        return Mono.from(statement.execute()).flatMap(result -> Mono.from(result.getRowsUpdated()));
    }

    private static Flux<Item> rows(Statement statement) {
        return Flux.from(statement.execute()).concatMap(result -> result.map((row, metadata) -> Item.of(row)));
    }

    private static <T> T value(Row row, int column, Class<T> type) {
        return Objects.requireNonNull(row.get(column, type));
    }

    /** Any of the rows that {@link #create} made. */
    public static long anyId() {
        return ThreadLocalRandom.current().nextInt(ROWS);
    }

    /** The begin of any range of {@code count} rows. */
    public static long anyStart(int count) {
        return ThreadLocalRandom.current().nextInt(ROWS - count + 1);
    }
}
