package com.decentdb.r2dbc;

import com.sun.jna.Native;
import com.sun.jna.Structure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The resources of this process, as the system counts them. Linux only; elsewhere everything counts as zero. */
public final class ProcessResources {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final boolean GLIBC = bindMalloc();

    private ProcessResources() {}

    /** How many file descriptors are open on a file and those beside it that share its name. */
    public static long descriptors(Path file) {
        if (!Files.exists(DESCRIPTORS)) {
            return 0;
        }
        try (Stream<Path> all = Files.list(DESCRIPTORS)) {
            return all.filter(each -> target(each).startsWith(file.toString())).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    /** How many threads have a name like this regular expression. */
    public static long threads(String pattern) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches(pattern))
                .count();
    }

    /** Bytes that native code has allocated and not freed; the Java heap is not among them. */
    public static long nativeBytes() {
        if (!GLIBC) {
            return 0;
        }
        MallocInfo info = mallinfo2();
        return info.uordblks + info.hblkhd;
    }

    /** Bytes of memory the process has from the system. */
    public static long residentBytes() {
        try (Stream<String> lines = Files.exists(STATUS) ? Files.lines(STATUS) : Stream.empty()) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static long mebibytes(long bytes) {
        return bytes >> 20;
    }

    private static boolean bindMalloc() {
        try {
            Native.register(ProcessResources.class, "c");
            return true;
        } catch (UnsatisfiedLinkError e) {
            return false;
        }
    }

    private static native MallocInfo mallinfo2();

    /** glibc's {@code struct mallinfo2}. */
    @Structure.FieldOrder({
        "arena",
        "ordblks",
        "smblks",
        "hblks",
        "hblkhd",
        "usmblks",
        "fsmblks",
        "uordblks",
        "fordblks",
        "keepcost"
    })
    public static final class MallocInfo extends Structure implements Structure.ByValue {
        public long arena;
        public long ordblks;
        public long smblks;
        public long hblks;
        public long hblkhd;
        public long usmblks;
        public long fsmblks;
        public long uordblks;
        public long fordblks;
        public long keepcost;
    }
}
