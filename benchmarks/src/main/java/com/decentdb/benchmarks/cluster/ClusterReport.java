package com.decentdb.benchmarks.cluster;

import com.decentdb.benchmarks.cluster.Rounds.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The table of a run, as lines of Markdown. */
final class ClusterReport {

    static final String OURS = "this driver";
    static final String PYTHON = "Python client";
    /** A socket without a client around it. */
    static final String RAW = "raw socket";
    /** The times that the nodes need by themselves. */
    static final String NODES = "nodes";

    private final Rounds rounds;
    private final List<String> lines = new ArrayList<>();

    ClusterReport(Rounds rounds) {
        this.rounds = rounds;
    }

    List<String> lines() {
        lines.add("| work | this driver | Python client | ratio | limit | goal |");
        lines.add("|---|---|---|---|---|---|");
        times("find the leader and open, p50", "open 1", answer -> answer.millis("p50"), "", "at most 1x");
        add("1,000 connections, each with a `SELECT 1`", sessions(), "", "", "", "a handful of sockets");
        times("`SELECT 1`, p50", "select 1", answer -> answer.millis("p50"), RAW, "at most 0.6x");
        times("point read, 1 in flight, p50", "point 1", answer -> answer.millis("p50"), "", "at most 0.6x");
        rates("point reads, 64 tasks, pool of 10", "point-pool 64", "at least 3x");
        times("insert, 1 in flight, p50", "insert 1", answer -> answer.millis("p50"), "", "at most 1x");
        times("the same, p99", "insert 1", answer -> answer.millis("p99"), "", "at most 1x");
        rates("inserts, 64 tasks, pool of 10, busy ones repeated", "insert-pool 64", "at least 10x");
        times("the same, p99", "insert-pool 64", answer -> answer.millis("p99"), "", "at most 100 ms");
        shares("the same, failed", "insert-pool 64");
        shares("inserts, 64 tasks, pool of 10, nothing repeated: failed", "insert-plain 64");
        times("1000 inserts in a transaction", "transaction 1", answer -> answer.millis("p50"), "", "at most 0.5x");
        times("100,000 rows", "scan 1", answer -> answer.millis("p50"), RAW, "at most 1.3 times the raw socket");
        times("the same, first row", "scan 1", answer -> answer.millis("first"), "", "below 5 ms");
        times(
                "the leader is killed, 1 writer: from the last success to the next",
                "kill 1",
                answer -> answer.millis("gap"),
                NODES,
                "the election and 150 ms");
        counts("the same, failures per kill", "kill 1", "failures", "0, but for what was in flight");
        times(
                "the leader is killed, 64 writers: from the last success to the next",
                "kill 64",
                answer -> answer.millis("gap"),
                NODES,
                "the election and 150 ms");
        counts("the same, failures per kill", "kill 64", "failures", "the unknown ones");
        counts("the same, of unknown outcome", "kill 64", "unknown", "only the group in flight");
        times(
                "the leader freezes, statements may take 2 s: the longest failure",
                "freeze 1",
                answer -> answer.millis("longest-failure"),
                "",
                "2 s");
        times(
                "the same, from the last success to the next",
                "freeze 1",
                answer -> answer.millis("gap"),
                NODES,
                "2 s, the election and 1 s");
        return lines;
    }

    private String sessions() {
        double sockets = rounds.median("sessions", OURS, answer -> answer.get("sockets"));
        double millis = rounds.median("sessions", OURS, answer -> answer.millis("nanos"));
        return Double.isNaN(sockets)
                ? ""
                : String.format(Locale.ROOT, "%.0f ms, %.0f sockets in the process", millis, sockets);
    }

    private void times(String work, String command, ToDoubleFunction<Answer> value, String limit, String goal) {
        add(
                work,
                millis(rounds.median(command, OURS, value)),
                millis(rounds.median(command, PYTHON, value)),
                ratio(rounds.ratio(command, OURS, PYTHON, value)),
                limit.isEmpty()
                        ? ""
                        : limit + " " + millis(rounds.median(command, limit, answer -> answer.millis("p50"))),
                goal);
    }

    private void rates(String work, String command, String goal) {
        add(
                work,
                perSecond(rounds.median(command, OURS, Answer::perSecond)),
                perSecond(rounds.median(command, PYTHON, Answer::perSecond)),
                ratio(rounds.ratio(command, OURS, PYTHON, Answer::perSecond)),
                "",
                goal);
    }

    private void shares(String work, String command) {
        add(
                work,
                share(rounds.median(command, OURS, Answer::failed)),
                share(rounds.median(command, PYTHON, Answer::failed)),
                "",
                "",
                "0 %");
    }

    private void counts(String work, String command, String name, String goal) {
        add(work, count(command, OURS, name), count(command, PYTHON, name), "", "", goal);
    }

    private void add(String... cells) {
        lines.add("| " + String.join(" | ", cells) + " |");
    }

    private String count(String command, String peer, String name) {
        double median = rounds.median(command, peer, answer -> answer.get(name));
        double most = rounds.greatest(command, peer, answer -> answer.get(name));
        if (Double.isNaN(median)) {
            return peer.equals(PYTHON) && name.equals("unknown") ? "not told apart" : "";
        }
        return String.format(Locale.ROOT, "%.0f, at most %.0f", median, most);
    }

    private static String millis(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, value < 10 ? "%.2f ms" : "%,.0f ms", value);
    }

    private static String perSecond(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%,.0f/s", value);
    }

    private static String share(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.0f %%", value);
    }

    private static String ratio(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.0f", value);
    }
}
