package com.decentdb.r2dbc.faults;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
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
    private static final String INSERT = "INSERT INTO pair (id, partner) VALUES ($1, $2)";

    private final DecentDbConnectionFactory factory;
    private final AtomicInteger ids = new AtomicInteger();
    private final BitSet acknowledged = new BitSet(1 << 16);
    private final AtomicInteger failed = new AtomicInteger();

    private ExhaustedProgram(String url) {
        factory = DecentDb.factory(url);
    }

    public static void main(String[] args) throws InterruptedException {
        Hooks.onErrorDropped(error -> {});
        ExhaustedProgram program = new ExhaustedProgram(
                "r2dbc:decentdb:///" + args[0] + "?lockWaitTimeout=PT30S&maxReaders=8&fetchSize=20");
        program.fill();
        int rounds = Integer.parseInt(args[1]);
        for (int round = 0; round < rounds; round++) {
            program.exhaust();
            program.goOn();
        }
        must(() -> program.factory.close().thenReturn(true));
        System.out.println(
                "DONE " + program.acknowledged.cardinality() + " acknowledged, " + program.failed + " failed");
        System.exit(0);
    }

    private void fill() {
        must(() -> use(c -> c.execute("CREATE TABLE big (id INTEGER PRIMARY KEY, b TEXT)")
                .then(c.execute("CREATE TABLE pair (id INTEGER PRIMARY KEY, partner INTEGER)"))
                .then(c.execute("INSERT INTO pair VALUES (0, -1)"))
                .then(c.execute("INSERT INTO big SELECT value, repeat('x', 500000)"
                        + " FROM generate_series(1, 300) AS g(value)"))));
    }

    private <T> Mono<T> use(Function<DecentDbConnection, Mono<T>> work) {
        return Mono.usingWhen(factory.create(), work, DecentDbConnection::close);
    }

    /** Succeeds, if not at once, since this thread may be the one that finds no memory. */
    private static <T> T must(Supplier<Mono<T>> work) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return work.get().blockOptional(PATIENCE).orElseThrow();
            } catch (Throwable e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
        }
    }

    /** The rows of many queries are kept at once, until there is no memory for any of them. */
    private void exhaust() throws InterruptedException {
        List<DecentDbConnection> connections = new ArrayList<>(10);
        while (connections.size() < 10) {
            connections.add(must(factory::create));
        }
        List<Waiting> users = new ArrayList<>(3 * QUERIES);
        for (int i = 0; i < QUERIES; i++) {
            DecentDbConnection connection = connections.get(i % 10);
            subscribe(users, "query", () -> rows(connection));
            subscribe(users, "write", () -> write(connection));
            if (i % 10 == 9) {
                subscribe(users, "transaction", () -> transaction(connection));
                subscribe(users, "watch", () -> factory.watchTable("pair").take(3));
                subscribe(
                        users,
                        "live query",
                        () -> factory.liveQuery("SELECT COUNT(*) FROM pair")
                                .map(row -> String.valueOf(row.get(0)))
                                .take(3));
            }
        }
        await(users);
        connections.forEach(connection -> must(() -> connection.close().thenReturn(true)));
    }

    private static Mono<?> rows(DecentDbConnection connection) {
        return connection.fetchLists("SELECT id, b FROM big ORDER BY id").collectList();
    }

    private Mono<Long> write(DecentDbConnection connection) {
        int id = ids.incrementAndGet();
        return connection.execute(INSERT, id, id).doOnNext(done -> acknowledge(id));
    }

    /** Two rows that refer to each other, and between them all memory there is. */
    private Flux<Long> transaction(DecentDbConnection connection) {
        int id = ids.addAndGet(2);
        return connection
                .inTransaction(
                        tx -> tx.execute(INSERT, id, id - 1).then(rows(tx)).then(tx.execute(INSERT, id - 1, id)))
                .doOnComplete(() -> acknowledge(id));
    }

    private void acknowledge(int id) {
        synchronized (acknowledged) {
            acknowledged.set(id);
        }
    }

    private void subscribe(List<Waiting> users, String kind, Supplier<Publisher<?>> work) {
        try {
            Waiting user = new Waiting(kind, failed);
            work.get().subscribe(user);
            users.add(user);
        } catch (Throwable e) {
            // Its caller knows.
            failed.incrementAndGet();
        }
    }

    /** Watches end with changes; everything else by itself. */
    private void await(List<Waiting> users) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (waits(users)) {
            if (System.nanoTime() > end) {
                users.removeIf(user -> user.ended);
                users.forEach(user -> System.out.println("WAITS: " + user.kind));
                Runtime.getRuntime().halt(3);
            }
            TimeUnit.MILLISECONDS.sleep(20);
            touch();
        }
    }

    private static boolean waits(List<Waiting> users) {
        for (int i = 0; i < users.size(); i++) {
            if (!users.get(i).ended) {
                return true;
            }
        }
        return false;
    }

    private void touch() {
        try {
            use(c -> c.execute("UPDATE pair SET partner = partner WHERE id = 0"))
                    .block(PATIENCE);
        } catch (Throwable e) {
            failed.incrementAndGet();
        }
    }

    /** Now that nobody keeps rows, everything works, and what was acknowledged is there. */
    private void goOn() {
        BitSet found = must(() -> use(c -> c.fetchLists("SELECT id FROM pair")
                .collect(BitSet::new, (set, row) -> set.set(((Long) row.get(0)).intValue()))));
        synchronized (acknowledged) {
            BitSet lost = (BitSet) acknowledged.clone();
            lost.andNot(found);
            end(lost.isEmpty(), "LOST: " + lost);
        }
        Long halves = must(() -> use(c -> c.fetchValue(
                "SELECT COUNT(*) FROM pair WHERE id > 0 AND partner NOT IN (SELECT id FROM pair)", Long.class)));
        end(halves == 0, "HALVES: " + halves);
        must(() -> use(c -> c.inTransaction(tx -> tx.execute("UPDATE pair SET partner = -1 WHERE id = 0"))
                .single()));
    }

    private static void end(boolean right, String problem) {
        if (!right) {
            System.out.println(problem);
            Runtime.getRuntime().halt(4);
        }
    }

    /** A user who waits for the end. */
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
        public void onNext(Object element) {
            // Only the end counts.
        }

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
