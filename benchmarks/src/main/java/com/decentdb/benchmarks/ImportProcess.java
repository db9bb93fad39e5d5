package com.decentdb.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A process that imports, from its start to its end. */
final class ImportProcess {

    private static final int POLL_MILLIS = 10;
    /** Kilobytes that a process may take before it is killed: beyond them the system would kill any process. */
    private static final long MOST_MEMORY =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize() / 1024 / 4 * 3;

    private ImportProcess() {}

    /**
     * The end of a process.
     *
     * @param nanos its time
     * @param peak the most memory it had at one moment, in kilobytes
     * @param failure null if it succeeded
     * @param output what it printed
     */
    record End(long nanos, long peak, @Nullable String failure, String output) {}

    static End run(List<String> command, Map<String, String> environment, Path log, Duration limit)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        long began = System.nanoTime();
        Process process = builder.start();
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        long peak = 0;
        @Nullable String failure = null;
        while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            peak = Math.max(peak, peak(status));
            boolean late = System.nanoTime() - began > limit.toNanos();
            if (failure == null && (late || peak > MOST_MEMORY)) {
                failure = late
                        ? "killed after " + limit.toSeconds() + " s"
                        : "killed when it had " + MOST_MEMORY / 1000 + " MB of memory";
                process.destroyForcibly();
            }
        }
        long nanos = System.nanoTime() - began;
        String output = Files.readString(log, StandardCharsets.UTF_8).trim();
        if (failure == null && process.exitValue() != 0) {
            failure =
                    "ended with status " + process.exitValue() + ": " + output.substring(output.lastIndexOf('\n') + 1);
        }
        return new End(nanos, peak, failure, output);
    }

    /** The kernel keeps the peak, so that nothing between two looks is missed but the last moment. */
    private static long peak(Path status) {
        try {
            return Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            // The process has just ended.
            return 0;
        }
    }
}
