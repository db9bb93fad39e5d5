package com.decentdb.benchmarks.load;

import com.decentdb.benchmarks.Arguments;
import com.decentdb.benchmarks.peer.Operation;
import com.decentdb.benchmarks.peer.PeerKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The extent of a run.
 *
 * @param form its name, which is that of the report's files
 * @param peers the keys of the peers, in the order of the tables
 * @param operations in the order of the measurements
 * @param inFlight the numbers of callers that are measured, of those that an operation has
 * @param warmUp the time each peer runs an operation before it is measured
 * @param rounds how often the peers take turns
 * @param round the length of one turn of one peer
 * @param starts how many fresh processes of each peer read their first row
 * @param results the folder of the report
 */
record Plan(
        String form,
        List<String> peers,
        List<Operation> operations,
        List<Integer> inFlight,
        Duration warmUp,
        int rounds,
        Duration round,
        int starts,
        Path results) {

    private static final Plan FULL = new Plan(
            "load",
            Stream.concat(Arrays.stream(PeerKind.values()).map(PeerKind::key), Stream.of(CProgram.KEY))
                    .toList(),
            List.of(Operation.values()),
            List.of(1, 8, 64, 256),
            Duration.ofSeconds(8),
            5,
            Duration.ofMillis(1_500),
            10,
            Path.of("results"));

    private static final Plan SHORT = new Plan(
            "load-short",
            List.of(PeerKind.DECENTDB.key(), PeerKind.SQLITE_JDBC.key(), PeerKind.H2_MEMORY.key(), CProgram.KEY),
            List.of(Operation.POINT, Operation.RANGE, Operation.MIX, Operation.INSERT),
            List.of(1, 64),
            Duration.ofSeconds(3),
            3,
            Duration.ofSeconds(1),
            3,
            Path.of("target"));

    /** Reads {@code short} and {@code name=value}, such as {@code rounds=9 round=2s peers=decentdb,c-sqlite}. */
    static Plan parse(Arguments given) {
        Plan base = given.take("short") ? SHORT : FULL;
        // Only a complete run may replace the published results.
        Path results = given.isEmpty() ? base.results : Path.of("target");
        Plan plan = new Plan(
                base.form,
                given.take("peers", base.peers, Arguments::list),
                given.take("operations", base.operations, Plan::operations),
                given.take("in-flight", base.inFlight, Arguments::numbers),
                given.take("warm-up", base.warmUp, Arguments::time),
                given.take("rounds", base.rounds, Integer::valueOf),
                given.take("round", base.round, Arguments::time),
                given.take("starts", base.starts, Integer::valueOf),
                results);
        given.end();
        if (!FULL.peers.containsAll(plan.peers)) {
            throw new IllegalArgumentException("peers are " + FULL.peers);
        }
        return plan;
    }

    private static List<Operation> operations(String value) {
        return Arguments.list(value.toUpperCase(Locale.ROOT).replace('-', '_')).stream()
                .map(Operation::valueOf)
                .toList();
    }
}
