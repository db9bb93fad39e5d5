package com.decentdb.ffi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The system and the processor of this JVM, in the words by which the folders and the jars of engines are named: those
 * of JNA, with {@code -musl} behind them where the C library is musl.
 */
final class EnginePlatform {

    /** The platforms whose engines are built with a release. */
    static final List<String> RELEASED =
            List.of("linux-aarch64", "linux-aarch64-musl", "linux-x86-64", "linux-x86-64-musl", "win32-x86-64");

    /** The classifier of the jar with all engines that are not in the jar of this class. */
    static final String OTHERS = "other-platforms";

    private static final String MUSL = "-musl";
    private static final Path MAPS = Path.of("/proc/self/maps");

    private static final String NAME = name(System.getProperty("os.name"), System.getProperty("os.arch"), muslHere());

    private EnginePlatform() {}

    /** Returns the name of this JVM's platform, which is also the folder of its engine in a jar. */
    static String name() {
        return NAME;
    }

    /** Returns whether this JVM is one for musl, the C library of systems such as Alpine. */
    static boolean musl() {
        return NAME.endsWith(MUSL);
    }

    static boolean windows() {
        return NAME.startsWith("win32");
    }

    static String name(String osName, String osArch, boolean musl) {
        String os = osName.toLowerCase(Locale.ROOT).replace(" ", "");
        String system = os.startsWith("windows") ? "win32" : os.startsWith("mac") ? "darwin" : os;
        return system + "-" + architecture(osArch) + (musl ? MUSL : "");
    }

    /** Returns the path of the engine within a jar. */
    static String resource(String platform, String library) {
        return platform + "/" + library;
    }

    /** Says which engines a class loader finds instead of the one for a platform, and what helps. */
    static String missing(String platform, ClassLoader loader) {
        List<String> present = new ArrayList<>();
        for (String each : RELEASED) {
            String library = each.startsWith("win32") ? "decentdb.dll" : "libdecentdb.so";
            if (loader.getResource(resource(each, library)) != null) {
                present.add(each);
            }
        }
        String found = "no engine for " + platform + " is among the jars, which have "
                + (present.isEmpty() ? "none" : "those for " + String.join(", ", present));
        if (RELEASED.contains(platform)) {
            return found + ": add the dependency com.decentdb:decentdb-native with the classifier " + platform + ", or "
                    + OTHERS + " for all that there are";
        }
        return found + ", and none is released: build it with cargo from decentdb-native/engine and name its file";
    }

    /** Returns whether a process has musl's linker in its memory. It does so with a glibc beside it, as by gcompat. */
    static boolean muslIn(String maps) {
        return maps.contains("/ld-musl-");
    }

    private static boolean muslHere() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return false;
        }
        try {
            return muslIn(Files.readString(MAPS, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            // A process that may not be inspected: the system's own linker is the next best sign.
            String machine = architecture(System.getProperty("os.arch")).replace("x86-64", "x86_64");
            return Files.exists(Path.of("/lib/ld-musl-" + machine + ".so.1"))
                    && !Files.exists(Path.of("/lib64/ld-linux-x86-64.so.2"))
                    && !Files.exists(Path.of("/lib/ld-linux-aarch64.so.1"));
        }
    }

    private static String architecture(String osArch) {
        String arch = osArch.toLowerCase(Locale.ROOT);
        return switch (arch) {
            case "amd64", "x86_64" -> "x86-64";
            case "arm64" -> "aarch64";
            default -> arch;
        };
    }
}
