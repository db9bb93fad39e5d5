package com.decentdb.benchmarks.report;

import com.decentdb.benchmarks.peer.Operation;
import com.decentdb.benchmarks.peer.PeerKind;
import com.decentdb.benchmarks.peer.Sample;
import com.decentdb.benchmarks.report.Results.Cell;
import com.decentdb.benchmarks.report.Results.Spread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A run as a Markdown document with a plot for each operation. */
public final class Report {

    private static final String DRIVER = PeerKind.DECENTDB.key();

    private final Results results;
    private final List<String> lines = new ArrayList<>();

    public Report(Results results) {
        this.results = results;
    }

    /**
     * Writes it.
     *
     * @param folder where to
     * @param name of the document, and the first part of the names of its plots
     * @param head lines about the machine and the way of measuring
     * @param peers lines about the peers and their versions
     * @param limit the peer that is no rival but the limit
     * @return the text
     */
    public String write(Path folder, String name, List<String> head, List<String> peers, String limit)
            throws IOException {
        Files.createDirectories(folder);
        lines.add("# Load: this driver beside its peers\n");
        lines.addAll(head);
        lines.add("");
        summary(limit);
        lines.add("\n## Peers\n");
        lines.addAll(peers);
        lines.add("");
        for (String note : results.notes()) {
            lines.add("- " + note);
        }
        for (Operation operation : Operation.values()) {
            List<Cell> cells = results.cells().stream()
                    .filter(cell -> cell.operation() == operation)
                    .toList();
            if (!cells.isEmpty()) {
                String plot =
                        name + "-" + operation.name().toLowerCase(Locale.ROOT).replace('_', '-') + ".svg";
                Files.writeString(folder.resolve(plot), plot(operation, cells));
                operation(operation, cells, plot);
            }
        }
        firstRows();
        String text = String.join("\n", lines) + "\n";
        Files.writeString(folder.resolve(name + ".md"), text);
        return text;
    }

    private void summary(String limit) {
        lines.add(
                "Operations per second, medians over the rounds. A ratio is the median of the ratios within each round;"
                        + " below 1 the peer is faster.\n");
        lines.add("| operation | in flight | this driver | best Java peer | ratio | SQLite in C | ratio |");
        lines.add("|---|---|---|---|---|---|---|");
        for (Cell cell : results.cells()) {
            if (!results.peers(cell).contains(DRIVER)) {
                continue;
            }
            Optional<String> best = results.peers(cell).stream()
                    .filter(peer -> !peer.startsWith(DRIVER) && !peer.equals(limit))
                    .max(Comparator.comparingDouble(
                            peer -> perSecond(cell, peer).median()));
            boolean limited = results.peers(cell).contains(limit);
            lines.add(String.format(
                    Locale.ROOT,
                    "| %s | %d | %s | %s | %s | %s | %s |",
                    cell.operation().title(),
                    cell.inFlight(),
                    count(perSecond(cell, DRIVER).median()),
                    best.map(peer -> count(perSecond(cell, peer).median()) + " (" + peer + ")")
                            .orElse("none"),
                    best.map(peer -> ratio(cell, peer)).orElse(""),
                    limited ? count(perSecond(cell, limit).median()) : "none",
                    limited ? ratio(cell, limit) : ""));
        }
    }

    private void operation(Operation operation, List<Cell> cells, String plot) {
        String title = operation.title();
        lines.add("\n## " + title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1) + "\n");
        lines.add("![" + title + "](" + plot + ")\n");
        lines.add("Latencies in µs. A ratio is that of this driver's operations per second to the peer's.\n");
        boolean synced = cells.stream()
                .flatMap(cell -> results.peers(cell).stream().map(peer -> syncs(cell, peer)))
                .anyMatch(syncs -> !syncs.isEmpty());
        lines.add("| in flight | peer | ops/s | least .. most | p50 | p99 | longest | ratio |"
                + (synced ? " ops per sync |" : ""));
        lines.add("|---|---|---|---|---|---|---|---|" + (synced ? "---|" : ""));
        for (Cell cell : cells) {
            for (String peer : results.peers(cell)) {
                Spread perSecond = perSecond(cell, peer);
                lines.add(String.format(
                        Locale.ROOT,
                        "| %d | %s | %s | %s .. %s | %s | %s | %s | %s |%s",
                        cell.inFlight(),
                        peer,
                        count(perSecond.median()),
                        count(perSecond.min()),
                        count(perSecond.max()),
                        micros(results.spread(cell, peer, Sample::p50).median()),
                        micros(results.spread(cell, peer, Sample::p99).median()),
                        micros(results.spread(cell, peer, Sample::max).max()),
                        peer.equals(DRIVER) || !results.peers(cell).contains(DRIVER) ? "" : ratio(cell, peer),
                        synced ? " " + syncs(cell, peer) + " |" : ""));
            }
        }
    }

    private void firstRows() {
        Map<String, Spread> spreads = results.firstRows();
        if (spreads.isEmpty()) {
            return;
        }
        lines.add("\n## First row of a fresh process\n");
        lines.add("From the start of the process, a JVM except in C, to a row of a database that is there already.\n");
        lines.add("| peer | ms | least .. most |");
        lines.add("|---|---|---|");
        spreads.forEach((peer, nanos) -> lines.add(String.format(
                Locale.ROOT,
                "| %s | %.0f | %.0f .. %.0f |",
                peer,
                nanos.median() / 1e6,
                nanos.min() / 1e6,
                nanos.max() / 1e6)));
    }

    private String plot(Operation operation, List<Cell> cells) {
        BarChart chart = new BarChart(operation.title() + ", operations per second");
        for (Cell cell : cells) {
            chart.group(cell.inFlight() + " in flight");
            for (String peer : results.peers(cell)) {
                Spread spread = perSecond(cell, peer);
                chart.bar(peer, spread, count(spread.median()), peer.startsWith(DRIVER));
            }
        }
        return chart.svg();
    }

    private Spread perSecond(Cell cell, String peer) {
        return results.spread(cell, peer, Sample::perSecond);
    }

    private String ratio(Cell cell, String peer) {
        return String.format(
                Locale.ROOT, "%.2f", results.ratio(cell, DRIVER, peer).median());
    }

    private String syncs(Cell cell, String peer) {
        double perSync = results.spread(
                        cell, peer, sample -> sample.syncs() > 0 ? (double) sample.operations() / sample.syncs() : 0)
                .median();
        return perSync > 0 ? String.format(Locale.ROOT, "%.1f", perSync) : "";
    }

    private static String count(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%,.1f" : "%,.0f", value);
    }

    private static String micros(double nanos) {
        return String.format(Locale.ROOT, nanos < 100_000 ? "%,.1f" : "%,.0f", nanos / 1e3);
    }
}
