package com.decentdb.benchmarks.cluster;

import com.decentdb.benchmarks.Arguments;
import com.decentdb.benchmarks.DataFolder;
import com.decentdb.benchmarks.cluster.Rounds.Answer;
import com.decentdb.benchmarks.load.PeerConnection;
import com.decentdb.benchmarks.report.Machine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * This driver beside the Python client on a cluster of three nodes. Without arguments but {@code python=PROGRAM}, which names an
 * interpreter that has {@code dqlite-client}, everything, into {@code results/cluster.md}. {@code warm-up=}, {@code round=},
 * {@code rounds=} and {@code outages=} choose less, into {@code target/cluster.md}.
 */
public final class ClusterDriver {

    /** Operations and the numbers of callers. */
    private static final List<String> OPERATIONS = List.of(
            "open 1",
            "select 1",
            "point 1",
            "point-pool 64",
            "insert 1",
            "insert-pool 64",
            "insert-plain 64",
            "transaction 1",
            "scan 1");

    private static final Path PYTHON_PEER = Path.of("src/main/python/dqlite_peer.py");
    private static final int SESSIONS = 1_000;
    private static final int RAW_TIMEOUT_MILLIS = 60_000;
    /** Time for work before the nodes are harmed, and after. */
    private static final Duration BEFORE = Duration.ofMillis(1_500);

    private static final Duration OUTAGE = Duration.ofSeconds(8);
    private static final Duration PATIENT = Duration.ofSeconds(10);
    private static final Duration IMPATIENT = Duration.ofSeconds(2);

    private final Plan plan;
    private final Nodes nodes;
    private final Rounds rounds = new Rounds();
    private final List<PeerConnection> peers = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /** The extent of a run. */
    private record Plan(String python, Duration warmUp, Duration round, int rounds, int outages, Path results) {

        static Plan parse(Arguments given) {
            String python = given.take("python", "python3", word -> word);
            Path results = given.isEmpty() ? Path.of("results") : Path.of("target");
            Plan plan = new Plan(
                    python,
                    given.take("warm-up", Duration.ofSeconds(8), Arguments::time),
                    given.take("round", Duration.ofMillis(1_500), Arguments::time),
                    given.take("rounds", 5, Integer::valueOf),
                    given.take("outages", 5, Integer::valueOf),
                    results);
            given.end();
            return plan;
        }
    }

    private ClusterDriver(Plan plan, Nodes nodes) {
        this.plan = plan;
        this.nodes = nodes;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Plan plan = Plan.parse(new Arguments(args));
        String loadBefore = Machine.load();
        try (DataFolder data = DataFolder.create();
                Nodes nodes = new Nodes(data.path())) {
            ClusterDriver driver = new ClusterDriver(plan, nodes);
            List<String> table = driver.run();
            List<String> text = new ArrayList<>(List.of("# A cluster: this driver beside the Python client\n"));
            text.addAll(Machine.describe());
            text.add("- load average before and after: " + loadBefore + ", " + Machine.load());
            text.addAll(driver.notes);
            text.add("");
            text.addAll(table);
            Files.createDirectories(plan.results());
            Path file = plan.results().resolve("cluster.md");
            Files.writeString(file, String.join("\n", text) + "\n");
            System.out.println(String.join("\n", text));
            System.out.println("Written to " + file.toAbsolutePath());
        }
    }

    private List<String> run() throws IOException, InterruptedException {
        try {
            startPeers();
            for (PeerConnection peer : peers) {
                ask(peer, "setup", Duration.ZERO);
            }
            for (String operation : OPERATIONS) {
                measure(operation);
            }
            rounds.add("sessions", ClusterReport.OURS, ask(peers.get(0), "sessions " + SESSIONS, Duration.ZERO));
            for (int i = 0; i < plan.outages(); i++) {
                for (PeerConnection peer : peers) {
                    outage("kill 1", peer, PATIENT);
                    outage("kill 64", peer, PATIENT);
                    outage("freeze 1", peer, IMPATIENT);
                }
            }
        } finally {
            peers.forEach(PeerConnection::close);
        }
        describe();
        return new ClusterReport(rounds).lines();
    }

    private void startPeers() throws IOException {
        peers.add(PeerConnection.start(
                ClusterReport.OURS,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        ClusterPeer.class.getName(),
                        nodes.addresses(),
                        "java")));
        try {
            peers.add(PeerConnection.start(
                    ClusterReport.PYTHON, List.of(plan.python(), PYTHON_PEER.toString(), nodes.addresses(), "python")));
        } catch (IOException e) {
            notes.add("- the Python client is left out: `" + plan.python() + "` does not run it. It needs Python 3.13"
                    + " and `pip install dqlite-client`; `python=PROGRAM` names another interpreter");
        }
    }

    /** Warms the peers up, and lets them take turns. */
    private void measure(String operation) throws IOException, InterruptedException {
        progress(operation);
        for (PeerConnection peer : peers) {
            ask(peer, "run " + operation + " " + plan.warmUp().toMillis(), plan.warmUp());
        }
        for (int round = 0; round < plan.rounds(); round++) {
            for (PeerConnection peer : peers) {
                Answer answer =
                        ask(peer, "run " + operation + " " + plan.round().toMillis(), plan.round());
                rounds.add(operation, peer.key(), answer);
            }
            if (operation.equals("select 1")) {
                raw(operation, "SELECT 1");
            } else if (operation.equals("scan 1")) {
                raw(operation, "SELECT id, name, price FROM big");
            }
        }
    }

    /** The same query on a socket, whose answer nobody looks at. */
    private void raw(String operation, String sql) throws IOException, InterruptedException {
        try (RawClient client = new RawClient(nodes.leader().address(), RAW_TIMEOUT_MILLIS)) {
            client.open("java");
            List<Long> took = new ArrayList<>();
            long end = System.nanoTime() + plan.round().toNanos();
            do {
                long started = System.nanoTime();
                client.query(sql);
                took.add(System.nanoTime() - started);
            } while (System.nanoTime() < end);
            long median =
                    took.stream().sorted().skip(took.size() / 2).findFirst().orElseThrow();
            rounds.add(operation, ClusterReport.RAW, Answer.parse("p50=" + median));
        }
    }

    /** Lets a peer write while the leader is killed or frozen. */
    private void outage(String command, PeerConnection peer, Duration patience)
            throws IOException, InterruptedException {
        progress(command);
        String callers = command.substring(command.indexOf(' ') + 1);
        Duration time = OUTAGE.plus(patience.equals(IMPATIENT) ? patience : Duration.ZERO);
        CompletableFuture<Answer> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return ask(peer, "outage " + callers + " " + time.toMillis() + " " + patience.toMillis(), time);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        TimeUnit.MILLISECONDS.sleep(BEFORE.toMillis());
        ServerNode leader = nodes.leader();
        long harmed = System.nanoTime();
        if (command.startsWith("kill")) {
            leader.kill();
        } else {
            leader.freeze();
        }
        nodes.leader();
        rounds.add(command, ClusterReport.NODES, Answer.parse("p50=" + (System.nanoTime() - harmed)));
        rounds.add(command, peer.key(), answer.join());
        nodes.heal();
    }

    private static Answer ask(PeerConnection peer, String command, Duration time) throws IOException {
        String answer = peer.ask(command, time);
        if (answer.startsWith("failed")) {
            throw new IOException(peer.key() + ", " + command + ": " + answer);
        }
        return Answer.parse(answer);
    }

    private void describe() {
        notes.add(String.format(
                Locale.ROOT,
                "- three nodes of dqlite (%s) on this machine, a process each; elections take %d to %d ms",
                Path.of(ServerNode.libraryName()).getFileName(),
                15 * ServerNode.LATENCY_MILLIS,
                30 * ServerNode.LATENCY_MILLIS));
        notes.add("- peers: "
                + String.join(
                        ", ",
                        peers.stream()
                                .map(peer -> peer.key() + " (" + peer.version() + ")")
                                .toList())
                + "; all alive at once, each in a process");
        notes.add("- each operation: " + plan.warmUp().toMillis() / 1e3 + " s of warm-up a peer, then " + plan.rounds()
                + " interleaved rounds of " + plan.round().toMillis() / 1e3 + " s; medians over the rounds. "
                + plan.outages() + " outages of each kind a peer");
        notes.add(
                "- after an error a caller waits 10 ms. Both clients repeat an insert that another writer holds up, the"
                        + " Python client after 1 to 20 ms and in the program, since it does not by itself");
    }

    private static void progress(String step) {
        System.err.println(step);
    }
}
