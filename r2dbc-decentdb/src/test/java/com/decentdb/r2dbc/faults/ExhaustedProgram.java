package com.decentdb.r2dbc.faults;

import static java.util.Objects.requireNonNull;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

/**
 * Many users exhaust the memory of this process at once, again and again. Ends with 0 if each of them got a signal, and if the
 * database goes on afterwards with all that was acknowledged.
 */
public final class ExhaustedProgram {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int QUERIES = 50;
    private static final int ROWS = 300;
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
                .then(c.execute("INSERT INTO big SELECT value, repeat('x', 500000)" + " FROM generate_series(1, " + ROWS
                        + ") AS g(value)"))));
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
        // Ten for statements, five for transactions, to which all statements of their connection belong, and one for
        // changes.
        List<DecentDbConnection> connections = new ArrayList<>(16);
        while (connections.size() < 16) {
            connections.add(must(factory::create));
        }
        List<User> users = new ArrayList<>(5 * QUERIES);
        // From here on even a list may find no memory.
        List<User> changes = new ArrayList<>(1);
        DecentDbConnection other = connections.get(15);
        List<Watcher> watchers = watchers(other);
        for (int i = 0; i < QUERIES; i++) {
            begin(users, connections, i);
        }
        await(users, changes, other);
        watchers.forEach(Watcher::expectMore);
        await(watchers, changes, other);
        for (DecentDbConnection connection : connections) {
            must(() -> connection.close().thenReturn(true));
        }
        watchers.forEach(Watcher::expectEnd);
        await(watchers, changes, other);
    }

    /** Users who hear of changes meanwhile, or that they do not any more. */
    private List<Watcher> watchers(DecentDbConnection connection) {
        List<Watcher> watchers = List.of(new Watcher("watch"), new Watcher("change stream"), new Watcher("live query"));
        connection.watchTable("pair").subscribe(watchers.get(0));
        connection.changeStream("pair").subscribe(watchers.get(1));
        connection.liveQuery("SELECT COUNT(*) FROM pair").map(row -> "row").subscribe(watchers.get(2));
        return watchers;
    }

    private void acknowledge(int id) {
        synchronized (acknowledged) {
            acknowledged.set(id);
        }
    }

    private void begin(List<User> users, List<DecentDbConnection> connections, int number) {
        try {
            DecentDbConnection connection = connections.get(number % 10);
            begin(users, new User("query", 0), rows(connection));
            int id = ids.incrementAndGet();
            begin(users, new User("write", id), connection.execute(INSERT, id, id));
            if (number % 10 == 9) {
                int second = ids.addAndGet(2);
                begin(users, new User("transaction", second), transaction(connections.get(10 + number / 10), second));
            }
        } catch (Throwable e) {
            // There was no memory to begin, which this caller knows.
            failed.incrementAndGet();
        }
    }

    private static void begin(List<User> users, User user, Publisher<?> work) {
        try {
            work.subscribe(user);
        } catch (Throwable e) {
            user.end(true);
            throw e;
        }
        users.add(user);
    }

    private static Publisher<?> rows(DecentDbConnection connection) {
        return connection.fetchLists("SELECT id, b FROM big ORDER BY id");
    }

    /** Two rows that refer to each other, and between them all memory there is. */
    private static Publisher<?> transaction(DecentDbConnection connection, int id) {
        return connection.inTransaction(
                tx -> new InTurn(tx.execute(INSERT, id, id - 1), rows(tx), tx.execute(INSERT, id - 1, id)));
    }

    /** Waits for all, and makes changes beside them. */
    private void await(List<? extends User> users, List<User> changes, DecentDbConnection connection)
            throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        boolean waiting = true;
        while (waiting) {
            try {
                look(users, changes, connection, end);
                waiting = waits(users) || waits(changes);
            } catch (VirtualMachineError e) {
                // This thread may find no memory either, and looks again.
            }
        }
    }

    private void look(List<? extends User> users, List<User> changes, DecentDbConnection connection, long end)
            throws InterruptedException {
        if (System.nanoTime() > end) {
            // Without the rows there is memory for the report.
            users.forEach(User::drop);
            Stream.concat(users.stream(), changes.stream())
                    .filter(User::waits)
                    .forEach(user -> System.out.println("WAITS: " + user.kind));
            Runtime.getRuntime().halt(3);
        }
        TimeUnit.MILLISECONDS.sleep(20);
        if (waits(users) && !waits(changes)) {
            changes.clear();
            change(changes, connection);
        }
    }

    private static boolean waits(List<? extends User> users) {
        for (int i = 0; i < users.size(); i++) {
            if (users.get(i).waits()) {
                return true;
            }
        }
        return false;
    }

    private void change(List<User> changes, DecentDbConnection connection) {
        try {
            begin(changes, new User("change", 0), connection.execute("UPDATE pair SET partner = partner WHERE id = 0"));
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

    /**
     * A user who keeps all elements until the end comes, without an operator of Reactor in between: where there is no memory for those,
     * they throw, and the signal that the driver gave them is lost.
     */
    private class User implements CoreSubscriber<Object> {

        private final String kind;
        private final int id;
        private final Object[] kept = new Object[ROWS + 2];
        private int seen;
        private volatile boolean ended;

        /**
         * A user.
         *
         * @param id what is acknowledged with completion; zero for nothing
         */
        User(String kind, int id) {
            this.kind = kind;
            this.id = id;
        }

        @Override
        public void onSubscribe(Subscription given) {
            given.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Object element) {
            kept[seen++] = element;
        }

        @Override
        public void onError(Throwable error) {
            end(true);
        }

        @Override
        public void onComplete() {
            if (id > 0) {
                acknowledge(id);
            }
            end(false);
        }

        void end(boolean failure) {
            if (failure) {
                failed.incrementAndGet();
            }
            drop();
            ended = true;
        }

        boolean waits() {
            return !ended;
        }

        void drop() {
            Arrays.fill(kept, null);
        }
    }

    /** A user who keeps nothing, and waits until another element comes or the end. */
    private final class Watcher extends User {

        private final AtomicInteger seen = new AtomicInteger();
        private volatile int known = -1;

        Watcher(String kind) {
            super(kind, 0);
        }

        void expectMore() {
            known = seen.get();
        }

        void expectEnd() {
            known = Integer.MAX_VALUE;
        }

        @Override
        public void onNext(Object element) {
            seen.incrementAndGet();
        }

        @Override
        boolean waits() {
            return seen.get() <= known && super.waits();
        }
    }

    /** Work of a transaction, one publisher after the other; needs no memory while it runs. */
    private static final class InTurn implements Publisher<Object>, CoreSubscriber<Object>, Subscription {

        private final Publisher<?>[] parts;
        private @Nullable Subscriber<? super Object> subscriber;
        private volatile @Nullable Subscription running;
        private volatile boolean cancelled;
        private int next;

        InTurn(Publisher<?>... parts) {
            this.parts = parts;
        }

        @Override
        public void subscribe(Subscriber<? super Object> given) {
            subscriber = given;
            given.onSubscribe(this);
            subscribeNext();
        }

        private void subscribeNext() {
            Publisher<?> part = parts[next++];
            try {
                part.subscribe(this);
            } catch (Throwable e) {
                onError(e);
            }
        }

        @Override
        public void request(long n) {
            // All elements are wanted, by everybody here.
        }

        @Override
        public void cancel() {
            cancelled = true;
            Subscription part = running;
            if (part != null) {
                part.cancel();
            }
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            running = subscription;
            if (cancelled) {
                subscription.cancel();
            } else {
                subscription.request(Long.MAX_VALUE);
            }
        }

        @Override
        public void onNext(Object element) {
            requireNonNull(subscriber).onNext(element);
        }

        @Override
        public void onError(Throwable error) {
            requireNonNull(subscriber).onError(error);
        }

        @Override
        public void onComplete() {
            if (next < parts.length) {
                subscribeNext();
            } else {
                requireNonNull(subscriber).onComplete();
            }
        }
    }
}
