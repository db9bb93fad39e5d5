package com.decentdb.benchmarks.load;

import com.decentdb.benchmarks.Arguments;
import com.decentdb.benchmarks.DataFolder;
import com.decentdb.benchmarks.report.Machine;
import com.decentdb.benchmarks.report.Report;
import com.decentdb.benchmarks.report.Results;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * This driver beside its peers under load. Without arguments everything, into {@code results/load.md}; with {@code short}
 * what shows a change within two minutes, into {@code target/load-short.md}. {@link Plan} lists further arguments.
 */
public final class LoadDriver {

    private LoadDriver() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Plan plan = Plan.parse(new Arguments(args));
        String loadBefore = Machine.load();
        try (DataFolder data = DataFolder.create();
                Coordinator coordinator = new Coordinator(plan, data.path())) {
            Results results = coordinator.run();
            results.note("H2 does not sync its commits, so it is left out where a write has to be durable.");
            List<String> head = new ArrayList<>(Machine.describe());
            head.add("- load average before and after: " + loadBefore + ", " + Machine.load());
            head.add(method(plan));
            System.out.println(
                    new Report(results).write(plan.results(), plan.form(), head, coordinator.describe(), CProgram.KEY));
            System.out.println(
                    "Written to " + plan.results().resolve(plan.form() + ".md").toAbsolutePath());
        }
    }

    private static String method(Plan plan) {
        return "- all peers alive at once, each in a process of its own; for each operation "
                + seconds(plan.warmUp().toMillis()) + " of warm-up a peer, then " + plan.rounds()
                + " interleaved rounds of " + seconds(plan.round().toMillis())
                + (plan.warmUp().toSeconds() < 8 ? ". Less than 8 s of warm-up measures the compiler, too" : "");
    }

    private static String seconds(long millis) {
        return millis / 1e3 + " s";
    }
}
