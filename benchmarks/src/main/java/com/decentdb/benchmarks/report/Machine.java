package com.decentdb.benchmarks.report;

import com.sun.management.OperatingSystemMXBean;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The machine and the versions that the numbers depend on. */
public final class Machine {

    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private static final Pattern LIBRARY =
            Pattern.compile("(reactor-core|r2dbc-(h2|pool|spi)|h2|sqlite-jdbc|HikariCP|jna|netty-common)-\\d.*\\.jar");

    private Machine() {}

    /** Lines of Markdown. */
    public static List<String> describe() {
        return List.of(
                "- date: " + LocalDate.now(ZoneOffset.UTC) + ", commit " + commit(),
                String.format(
                        Locale.ROOT,
                        "- machine: %s, %d processors, %d GiB, %s",
                        processor(),
                        SYSTEM.getAvailableProcessors(),
                        SYSTEM.getTotalMemorySize() >> 30,
                        fileSystem()),
                "- " + SYSTEM.getName() + " " + SYSTEM.getVersion() + ", " + System.getProperty("java.vm.name") + " "
                        + System.getProperty("java.runtime.version"),
                "- libraries: " + libraries());
    }

    /** Processes that wanted to run in the last minute; this run's own are among them. */
    public static String load() {
        return String.format(Locale.ROOT, "%.1f", SYSTEM.getSystemLoadAverage());
    }

    /** Megabytes of the heap that are in use after a collection. */
    public static long heapMegabytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20;
    }

    /** Threads of this JVM. */
    public static int threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    private static String fileSystem() {
        try {
            return Files.getFileStore(Path.of("")).type();
        } catch (IOException e) {
            return "unknown file system";
        }
    }

    /** The jars on the class path, whose names have their versions. */
    private static String libraries() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .map(entry -> Path.of(entry).getFileName().toString())
                .filter(name -> LIBRARY.matcher(name).matches())
                .map(name -> name.substring(0, name.length() - ".jar".length()))
                .sorted()
                .collect(Collectors.joining(", "));
    }

    private static String processor() {
        Path cpus = Path.of("/proc/cpuinfo");
        try (Stream<String> lines = Files.lines(cpus, StandardCharsets.UTF_8)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .orElse(SYSTEM.getArch());
        } catch (IOException e) {
            return SYSTEM.getArch();
        }
    }

    private static String commit() {
        try {
            Process git = new ProcessBuilder("git", "describe", "--always", "--dirty").start();
            String answer = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
            return answer.isEmpty() ? "unknown" : answer;
        } catch (IOException e) {
            return "unknown";
        }
    }
}
