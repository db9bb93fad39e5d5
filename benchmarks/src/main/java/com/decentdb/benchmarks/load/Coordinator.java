package com.decentdb.benchmarks.load;

import com.decentdb.benchmarks.peer.Operation;
import com.decentdb.benchmarks.peer.PeerKind;
import com.decentdb.benchmarks.peer.Sample;
import com.decentdb.benchmarks.report.Results;
import com.decentdb.benchmarks.report.Results.Cell;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Starts every peer once, so that all are alive at the same time, and lets them take turns: one works, the others wait. A
 * disturbance of the machine that lasts longer than a turn meets them alike. The order of the turns moves on with each round.
 */
final class Coordinator implements AutoCloseable {

    private final Plan plan;
    private final Results results = new Results();
    private final List<Program> programs = new ArrayList<>();
    private final List<PeerConnection> peers = new ArrayList<>();
    private final List<String> descriptions =
            new ArrayList<>(List.of("| peer | way of use | version |", "|---|---|---|"));
    private final Path data;
    private boolean failed;

    private record Program(String key, String title, List<String> command, boolean firstRow) {}

    Coordinator(Plan plan, Path data) throws IOException, InterruptedException {
        this.plan = plan;
        this.data = data;
        for (PeerKind kind : PeerKind.values()) {
            if (plan.peers().contains(kind.key())) {
                programs.add(new Program(kind.key(), kind.title(), PeerConnection.jvm(kind), kind.onDiskAlone()));
            }
        }
        if (plan.peers().contains(CProgram.KEY)) {
            CProgram.compile(data, results::note)
                    .ifPresent(command -> programs.add(new Program(CProgram.KEY, CProgram.TITLE, command, true)));
        }
    }

    Results run() throws IOException, InterruptedException {
        for (Program program : programs) {
            log("start " + program.key);
            try {
                PeerConnection peer = PeerConnection.start(program.key, program.command, data);
                peers.add(peer);
                descriptions.add("| " + program.key + " | " + program.title + " | " + peer.version() + " |");
            } catch (IOException e) {
                failed = true;
                results.note("`" + program.key + "` is left out: " + e.getMessage());
            }
        }
        for (Operation operation : plan.operations()) {
            measure(operation);
        }
        firstRows();
        return results;
    }

    /** Lines of Markdown about each peer that has started. */
    List<String> describe() {
        return descriptions;
    }

    /** Whether something that should have been measured was not. */
    boolean failed() {
        return failed;
    }

    private void measure(Operation operation) {
        List<Cell> cells = operation.inFlight().stream()
                .filter(plan.inFlight()::contains)
                .map(inFlight -> new Cell(operation, inFlight))
                .toList();
        Map<Cell, List<PeerConnection>> supported = new LinkedHashMap<>();
        for (PeerConnection peer : peers) {
            List<Cell> own = cells.stream().filter(cell -> supports(peer, cell)).toList();
            log(operation + " warm-up: " + peer.key());
            for (Cell cell : own) {
                // All of the warm-up belongs to the operation; each number of callers has its share.
                attempt(peer, cell, plan.warmUp().dividedBy(own.size()), false);
                supported.computeIfAbsent(cell, absent -> new ArrayList<>()).add(peer);
            }
        }
        supported.forEach((cell, those) -> {
            List<PeerConnection> turns = new ArrayList<>(those);
            for (int round = 0; round < plan.rounds(); round++) {
                log(operation + ", " + cell.inFlight() + " in flight: round " + (round + 1));
                turns.removeIf(peer -> !attempt(peer, cell, plan.round(), true));
                Collections.rotate(turns, -1);
            }
        });
    }

    private boolean supports(PeerConnection peer, Cell cell) {
        try {
            return peer.supports(cell.operation(), cell.inFlight());
        } catch (IOException e) {
            failed = true;
            results.note("`" + peer.key() + "` has no " + cell.operation().title() + ": " + e.getMessage());
            return false;
        }
    }

    /** A turn of one peer; returns whether it may have another. */
    private boolean attempt(PeerConnection peer, Cell cell, Duration time, boolean counts) {
        try {
            Sample sample = peer.run(cell.operation(), cell.inFlight(), time);
            if (counts) {
                results.add(cell, peer.key(), sample);
            }
            return true;
        } catch (IOException e) {
            failed = true;
            results.remove(cell, peer.key());
            results.note("`" + peer.key() + "` has no " + cell.operation().title() + " with " + cell.inFlight()
                    + " in flight: " + e.getMessage());
            return false;
        }
    }

    private void firstRows() throws InterruptedException {
        List<FirstQuery> all = new ArrayList<>();
        for (Program program : programs) {
            if (program.firstRow && plan.starts() > 0) {
                log("first row: " + program.key);
                all.add(new FirstQuery(program.key, program.command, data));
            }
        }
        // The first start creates the database and is no measurement.
        for (int start = 0; start <= plan.starts(); start++) {
            for (FirstQuery query : List.copyOf(all)) {
                try {
                    long nanos = query.run();
                    if (start > 0) {
                        results.addFirstRow(query.key(), nanos);
                    }
                } catch (IOException e) {
                    failed = true;
                    all.remove(query);
                    results.note("`" + query.key() + "` has no first row: " + e.getMessage());
                }
            }
        }
    }

    private static void log(String step) {
        System.err.println(step);
    }

    @Override
    public void close() {
        peers.forEach(PeerConnection::close);
    }
}
