package com.decentdb.r2dbc.faults;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

/**
 * Many users exhaust the memory of this process at once, again and again. Ends with 0 if each of them got a signal, and if the
 * database goes on afterwards with all that was acknowledged.
 */
public final class ExhaustedProgram {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int QUERIES = 50;
    private static final String TOGETHER = "INSERT INTO pair (id, partner) VALUES ($1, $2)";

    private final DecentDbConnectionFactory factory;
    private final ConnectionPool pool;
    private final AtomicInteger ids = new AtomicInteger();
    private final BitSet acknowledged = new BitSet(1 << 16);
    private final AtomicInteger failed = new AtomicInteger();

    private ExhaustedProgram(String url) {
        factory = DecentDb.factory(url);
        pool = DecentDb.createPool(url + "&maxSize=5");
    }

    public static void main(String[] args) throws InterruptedException {
        Hooks.onErrorDropped(error -> {});
        String url = "r2dbc:decentdb:///" + args[0] + "?lockWaitTimeout=PT30S&maxReaders=8";
        ExhaustedProgram program = new ExhaustedProgram(url);
        program.fill();
        int rounds = Integer.parseInt(args[1]);
        for (int round = 0; round < rounds; round++) {
            program.exhaust();
            program.goOn();
        }
        program.end();
        System.out.println(
                "DONE " + program.acknowledged.cardinality() + " acknowledged, " + program.failed.get() + " failed");
        System.exit(0);
    }

    private void fill() {
        must(
                use(
                        c -> c.execute("CREATE TABLE big (id INTEGER PRIMARY KEY, b TEXT)")
                                .then(c.execute("CREATE TABLE pair (id INTEGER PRIMARY KEY, partner INTEGER)"))
                                .then(
                                        c.execute(
                                                "INSERT INTO big SELECT value, repeat('x', 500000) FROM generate_series(1, 300) AS g(value)"))));
    }

    private <T> Flux<T> use(java.util.function.Function<DecentDbConnection, Publisher<T>> work) {
        return Flux.usingWhen(factory.create(), work, DecentDbConnection::close);
    }

    private static <T> T must(Flux<T> work) {
        return work.last().blockOptional(PATIENCE).orElseThrow();
    }

    /** The rows of many queries are kept at once, until there is no memory for any of them. */
    private void exhaust() throws InterruptedException {
        List<DecentDbConnection> connections = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            connections.add(must(factory.create().flux()));
        }
        List<Waiting> users = new ArrayList<>();
        for (int i = 0; i < QUERIES; i++) {
            DecentDbConnection connection = connections.get(i % connections.size());
            subscribe(users, "query", rows(connection).collectList());
            subscribe(users, "write", write(connection));
            if (i % 5 == 0) {
                subscribe(
                        users,
                        "transaction",
                        Flux.defer(() -> transaction(must(factory.create().flux()))));
                subscribe(users, "pool", pooled());
                subscribe(users, "watch", factory.watchTable("pair").take(5));
                subscribe(
                        users,
                        "live query",
                        factory.liveQuery("SELECT id, partner FROM pair")
                                .map(row -> row.get(0))
                                .take(5));
            }
        }
        await(users);
        connections.forEach(connection -> connection.close().block(PATIENCE));
    }

    private static Flux<String> rows(Connection connection) {
        return Flux.from(connection
                        .createStatement("SELECT id, b FROM big ORDER BY id")
                        .fetchSize(20)
                        .execute())
                .concatMap(result -> result.map((row, metadata) -> String.valueOf(row.get("b"))));
    }

    private Mono<Long> write(DecentDbConnection connection) {
        int id = ids.incrementAndGet();
        return connection.execute(TOGETHER, id, id).doOnNext(done -> acknowledge(id));
    }

    private Flux<Long> transaction(DecentDbConnection connection) {
        int id = ids.addAndGet(2);
        return connection
                .inTransaction(tx ->
                        tx.execute(TOGETHER, id, id - 1).thenMany(rows(tx)).then(tx.execute(TOGETHER, id - 1, id)))
                .doOnComplete(() -> acknowledge(id))
                .doFinally(signal -> connection.close().subscribe());
    }

    private Flux<Integer> pooled() {
        return Flux.usingWhen(pool.create(), connection -> rows(connection).map(String::length), Connection::close);
    }

    private void acknowledge(int id) {
        synchronized (acknowledged) {
            acknowledged.set(id);
        }
    }

    private void subscribe(List<Waiting> users, String kind, Publisher<?> work) {
        Waiting user = new Waiting(kind, failed);
        users.add(user);
        try {
            work.subscribe(user);
        } catch (Throwable e) {
            user.ended = true;
        }
    }

    /** Watches end with changes; everything else by itself. */
    private void await(List<Waiting> users) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!users.stream().allMatch(user -> user.ended)) {
            if (System.nanoTime() > end) {
                users.stream().filter(user -> !user.ended).forEach(user -> System.out.println("WAITS: " + user.kind));
                Thread.getAllStackTraces()
                        .forEach((thread, stack) -> System.out.println(thread + " " + List.of(stack)));
                Runtime.getRuntime().halt(3);
            }
            TimeUnit.MILLISECONDS.sleep(50);
            touch();
        }
    }

    private void touch() {
        try {
            use(c -> c.execute("UPDATE pair SET partner = partner WHERE id = 1"))
                    .blockLast(PATIENCE);
        } catch (Throwable e) {
            failed.incrementAndGet();
        }
    }

    /** Now that nobody keeps rows, everything works. */
    private void goOn() {
        BitSet found = new BitSet();
        must(use(c -> c.fetchLists("SELECT id, partner FROM pair")
                        .doOnNext(row -> found.set(((Long) row.get(0)).intValue())))
                .defaultIfEmpty(List.of()));
        synchronized (acknowledged) {
            BitSet lost = (BitSet) acknowledged.clone();
            lost.andNot(found);
            if (!lost.isEmpty()) {
                System.out.println("LOST: " + lost);
                Runtime.getRuntime().halt(4);
            }
        }
        long halves = must(use(c -> c.fetchValue(
                "SELECT count(*) FROM pair a WHERE partner <> id AND NOT EXISTS (SELECT 1 FROM pair b WHERE b.id = a.partner)",
                Long.class)));
        if (halves != 0) {
            System.out.println("HALVES: " + halves);
            Runtime.getRuntime().halt(5);
        }
        must(use(c -> c.inTransaction(tx -> tx.execute(TOGETHER, ids.incrementAndGet(), 0)
                .then(tx.execute("DELETE FROM pair WHERE partner = 0")))));
        must(Flux.usingWhen(
                pool.create(),
                c -> Flux.from(c.createStatement("SELECT 1").execute())
                        .concatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0)))),
                Connection::close));
    }

    private void end() {
        pool.disposeLater().block(PATIENCE);
        factory.close().block(PATIENCE);
    }

    /** Keeps what it gets until its end. */
    private static final class Waiting implements CoreSubscriber<Object> {

        private final String kind;
        private final AtomicInteger failed;
        private volatile boolean ended;

        Waiting(String kind, AtomicInteger failed) {
            this.kind = kind;
            this.failed = failed;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Object element) {}

        @Override
        public void onError(Throwable error) {
            failed.incrementAndGet();
            ended = true;
        }

        @Override
        public void onComplete() {
            ended = true;
        }
    }
}
