package com.decentdb.r2dbc.faults;

import static java.util.Objects.requireNonNull;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.ProcessResources;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.ValidationDepth;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

/**
 * Everything that a program does with a driver, while one thing goes wrong in the driver. The statements of a step belong together:
 * one step may fail, with an error that says why, and all others succeed. Runs with a driver of its own.
 */
public final class Scenario {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int ROWS = 300;
    private static final String INSERT = "INSERT INTO t (n, s) VALUES ($1, $2)";

    private final Path file;
    private final List<String> problems = new ArrayList<>();
    private final List<Long> acknowledged = new ArrayList<>();
    private final boolean several;
    private int failed;

    private Scenario(Path file, boolean several) {
        this.file = file;
        this.several = several;
    }

    /** Prepares the process for scenarios. */
    public static void prepare() {
        Hooks.onErrorDropped(error -> {});
    }

    /** Makes a database. */
    public static void create(String file) {
        Flux.usingWhen(
                        DecentDb.connect(url(Path.of(file))),
                        connection -> connection
                                .execute("CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT)")
                                .then(connection.execute("INSERT INTO t SELECT value, 'x' FROM generate_series(1, "
                                        + ROWS + ") AS g(value)")),
                        DecentDbConnection::close)
                .blockLast(PATIENCE);
    }

    private static String url(Path file) {
        return "r2dbc:decentdb:///" + file + "?linger=0&maxReaders=2&lockWaitTimeout=PT8S";
    }

    /**
     * Runs all steps.
     *
     * @param several whether several of them may fail
     * @return what was not as it should be; empty if nothing
     */
    public static String run(String file, boolean several) throws InterruptedException {
        return new Scenario(Path.of(file), several).run();
    }

    /** Begins with an open database and the workers it keeps, and goes on while none can be started; returns what went wrong. */
    public static String withoutThreads(String file) throws InterruptedException {
        return new Scenario(Path.of(file), true).withoutThreads();
    }

    private String withoutThreads() throws InterruptedException {
        DecentDbConnectionFactory factory = DecentDb.factory(url(file));
        DecentDbConnection connection = requireNonNull(factory.create().block(PATIENCE));
        until("all workers but two have ended", () -> workers() <= 2);
        FaultPoints.arm();
        step("write", () -> insert(connection, 1001));
        step("read", () -> rows(connection));
        step("watch", () -> connection.watchTable("t").take(1));
        step("another database", () -> another(DecentDb.factory(url(file.resolveSibling("another.ddb")))));
        must("write", connection.execute("DELETE FROM t WHERE n > " + ROWS));
        must("read", rows(connection));
        FaultPoints.disarm();
        // A watch has a thread of its own.
        must("watch", connection.watchTable("t").take(1));
        must("close", connection.close());
        must("close of the factory", factory.close());
        return String.join("\n", problems);
    }

    /** The workers of this scenario's own driver. */
    private static long workers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("decentdb-worker"))
                .filter(thread -> Scenario.class.getClassLoader().equals(thread.getContextClassLoader()))
                .count();
    }

    private String run() throws InterruptedException {
        DecentDbConnectionFactory factory = DecentDb.factory(url(file));
        DecentDbConnection other = requireNonNull(factory.create().block(PATIENCE));
        List<DecentDbConnection> opened = new ArrayList<>();
        FaultPoints.arm();
        for (int attempt = 0; attempt < 30 && opened.isEmpty(); attempt++) {
            step("connect", () -> factory.create().doOnNext(opened::add));
        }
        DecentDbConnection connection = opened.get(0);
        Map<String, Function<DecentDbConnection, Publisher<?>>> steps = new LinkedHashMap<>(steps(other, 1000));
        for (Map.Entry<String, Function<DecentDbConnection, Publisher<?>>> each : steps.entrySet()) {
            step(each.getKey(), () -> each.getValue().apply(connection));
            // A transaction that was cancelled ends as soon as there is memory for that.
            until("end of the transaction of " + each.getKey(), connection::isAutoCommit);
        }
        step("close", connection::close);
        FaultPoints.disarm();
        must("close again", connection.close());
        must("write beside it", other.execute(INSERT, 100_000, "beside"));
        for (long n : acknowledged) {
            must(
                    "row " + n,
                    other.fetchValue("SELECT n FROM t WHERE n = $1", Long.class, n)
                            .single());
        }
        must(
                "no half of a transaction",
                other.fetchValue("SELECT s FROM t WHERE s = 'half'", String.class)
                        .flatMap(half -> Mono.error(new IllegalStateException("half"))));
        must("transaction beside it", other.inTransaction(tx -> tx.execute("DELETE FROM t WHERE n > " + ROWS)));
        must("close beside it", other.close());
        must("close of the factory", factory.close());
        until("descriptors", () -> ProcessResources.descriptors(file) == 0);
        must(
                "open again",
                Mono.usingWhen(
                        DecentDb.connect(url(file)),
                        again -> again.fetchValue("SELECT count(*) FROM t", Long.class)
                                .filter(count -> count == ROWS)
                                .single(),
                        DecentDbConnection::close));
        return String.join("\n", problems);
    }

    private Map<String, Function<DecentDbConnection, Publisher<?>>> steps(DecentDbConnection other, long base) {
        Map<String, Function<DecentDbConnection, Publisher<?>>> all = new LinkedHashMap<>();
        all.put("write", c -> insert(c, base + 1));
        all.put("read", c -> c.fetchLists("SELECT n, s FROM t WHERE n < 5"));
        all.put("stream", c -> rows(c).take(250));
        all.put("stream cancelled", c -> rows(c).take(15));
        all.put(
                "result not read",
                c -> Flux.from(c.createStatement("SELECT n FROM t")
                                .fetchSize(10)
                                .execute())
                        .take(1));
        all.put(
                "returning",
                c -> Flux.from(c.createStatement("UPDATE t SET s = 'r' WHERE n < 5 RETURNING n")
                                .execute())
                        .concatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0)))));
        all.put(
                "several bindings",
                c -> Flux.from(c.createStatement(INSERT)
                                .bind(0, base + 2)
                                .bind(1, "a")
                                .add()
                                .bind(0, base + 3)
                                .bind(1, "b")
                                .execute())
                        .concatMap(result -> result.getRowsUpdated()));
        all.put(
                "batch",
                c -> Flux.from(c.createBatch()
                                .add("UPDATE t SET s = 'b' WHERE n = 1")
                                .add("UPDATE t SET s = 'b' WHERE n = 2")
                                .add("SELECT n FROM t WHERE n < 3")
                                .execute())
                        .concatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0)))));
        all.put("writes at once", c -> Flux.range(10, 5).flatMap(i -> insert(c, base + i)));
        all.put(
                "one of several fails",
                c -> Flux.merge(
                        insert(c, base + 20),
                        insert(c, base + 21),
                        c.execute(INSERT, 1L, "double").onErrorResume(R2dbcException.class, e -> expected("23505", e)),
                        insert(c, base + 22)));
        all.put("queue", c -> c.executeQueued(INSERT, Flux.range(30, 5).map(i -> new Object[] {base + i, "q"})));
        all.put(
                "queued write",
                c -> c.executeQueued(INSERT, base + 40, "q").doOnNext(done -> acknowledged.add(base + 40)));
        all.put(
                "transaction",
                c -> c.inTransaction(tx -> tx.execute(INSERT, base + 50, "half")
                                .then(tx.execute("UPDATE t SET s = 'whole' WHERE n = $1", base + 50)))
                        .doOnComplete(() -> acknowledged.add(base + 50)));
        all.put(
                "transaction fails",
                c -> c.inTransaction(tx -> tx.execute(INSERT, base + 60, "half")
                                .then(Mono.error(new IllegalStateException("rolled back"))))
                        .onErrorResume(IllegalStateException.class, e -> Mono.empty()));
        all.put(
                "transaction cancelled",
                c -> c.inTransaction(tx -> tx.execute(INSERT, base + 61, "half").thenMany(Flux.just(1, 2, 3)))
                        .take(1));
        all.put(
                "savepoint",
                c -> orRollBack(
                        c,
                        c.beginTransaction()
                                .then(c.createSavepoint("a"))
                                .then(c.execute(INSERT, base + 62, "half"))
                                .then(c.rollbackTransactionToSavepoint("a"))
                                .then(c.commitTransaction())));
        all.put(
                "read-only transaction",
                c -> orRollBack(
                        c,
                        Mono.from(c.beginTransaction(
                                        DecentDbTransactionDefinition.create().readOnly()))
                                .thenMany(rows(c).take(30))
                                .then(c.rollbackTransaction())));
        all.put(
                "transactions in turn",
                c -> Flux.merge(
                        c.inTransaction(tx -> tx.execute("UPDATE t SET s = 'c' WHERE n = 3")),
                        other.execute("UPDATE t SET s = 'd' WHERE n = 4")));
        // Another engine reports no change of a row to what it was.
        all.put(
                "watch",
                c -> c.watchTable("t")
                        .take(2)
                        .concatMap(event -> other.execute("UPDATE t SET s = s || 'w' WHERE n = 5")));
        all.put(
                "change stream",
                c -> c.changeStream("t")
                        .take(2)
                        .concatMap(event -> other.execute("UPDATE t SET s = s || 'w' WHERE n = 5")));
        all.put(
                "live query",
                c -> c.liveQuery("SELECT count(*) FROM t WHERE n > 0")
                        .map(row -> String.valueOf(row.get(0)))
                        .take(2)
                        .concatMap(count -> other.execute(INSERT, base + 70 + System.nanoTime() % 100, "l")
                                .onErrorComplete()));
        all.put("another database", c -> another(DecentDb.factory(url(file.resolveSibling("another.ddb")))));
        all.put("database in memory", c -> another(DecentDb.factory("r2dbc:decentdb:mem:///another")));
        all.put("audit context", c -> c.setAuditContext("key", "value"));
        all.put(
                "temporary table",
                c -> c.execute("CREATE TEMP TABLE own (n INTEGER)").then(c.execute("INSERT INTO own VALUES (1)")));
        all.put("reset", c -> surely(((Lifecycle) c)::preRelease));
        all.put("allocate", c -> surely(((Lifecycle) c)::postAllocate));
        all.put(
                "timeout",
                c -> c.setStatementTimeout(Duration.ofSeconds(5))
                        .then(c.execute("SELECT 1"))
                        .then(c.setStatementTimeout(Duration.ZERO)));
        all.put("schema", c -> c.inspection().listTables());
        all.put("metrics", c -> c.writeQueueMetrics());
        all.put("checkpoint", c -> c.checkpoint());
        all.put("validation", c -> c.validate(ValidationDepth.REMOTE));
        return all;
    }

    /** Uses another database. Operators of Reactor that call functions lose their signal when memory runs out in one. */
    private static Publisher<?> another(DecentDbConnectionFactory factory) {
        DecentDbConnection another = null;
        try {
            another = requireNonNull(factory.create().block(PATIENCE));
            another.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)").block(PATIENCE);
            another.watchTable("t").blockFirst(PATIENCE);
            another.fetchValue("SELECT count(*) FROM t", Long.class).block(PATIENCE);
        } finally {
            DecentDbConnection last = another;
            if (last != null) {
                surely(last::close);
            }
            surely(factory::close);
        }
        return Mono.empty();
    }

    /** Does work in a transaction, which is rolled back if that fails; without an operator that calls a function, as above. */
    private static Publisher<?> orRollBack(DecentDbConnection connection, Publisher<?> work) {
        try {
            Flux.from(work).blockLast(PATIENCE);
            return Mono.empty();
        } catch (Throwable e) {
            surely(connection::rollbackTransaction);
            throw e;
        }
    }

    /** Does what leaves something behind when it fails for want of memory, until it does not. */
    private static Publisher<?> surely(Supplier<Publisher<Void>> work) {
        RuntimeException first = null;
        for (int attempt = 0; attempt < 30; attempt++) {
            try {
                Mono.from(work.get()).block(PATIENCE);
                break;
            } catch (Throwable e) {
                first = first == null ? new IllegalStateException(e) : first;
            }
        }
        return first == null ? Mono.empty() : Mono.error(first);
    }

    private Mono<Long> insert(DecentDbConnection connection, long n) {
        return connection.execute(INSERT, n, "x").doOnNext(done -> acknowledged.add(n));
    }

    private static Flux<Object> rows(DecentDbConnection connection) {
        return Flux.from(connection
                        .createStatement("SELECT n FROM t ORDER BY n")
                        .fetchSize(10)
                        .execute())
                .concatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0))));
    }

    private static <T> Mono<T> expected(String state, R2dbcException error) {
        return state.equals(error.getSqlState()) ? Mono.empty() : Mono.error(error);
    }

    /** A step, which may fail for want of memory. */
    private void step(String name, Supplier<Publisher<?>> work) {
        try {
            Flux.from(work.get()).blockLast(PATIENCE);
        } catch (Throwable e) {
            failed++;
            if (!wantsMemory(e)) {
                problems.add(name + ": " + e + (e.getCause() == null ? "" : " <- " + e.getCause()));
            } else if (failed > 1 && !several) {
                problems.add(name + " failed, too: " + e);
            }
        }
    }

    private static boolean wantsMemory(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            boolean exhausted = cause instanceof R2dbcException known && "53200".equals(known.getSqlState());
            if (exhausted || cause instanceof VirtualMachineError) {
                return true;
            }
        }
        return false;
    }

    private void must(String name, Publisher<?> work) {
        try {
            Flux.from(work).blockLast(PATIENCE);
        } catch (Throwable e) {
            problems.add("afterwards, " + name + ": " + e + (e.getCause() == null ? "" : " <- " + e.getCause()));
        }
    }

    private void until(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                problems.add("afterwards, " + what);
                return;
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }
}
