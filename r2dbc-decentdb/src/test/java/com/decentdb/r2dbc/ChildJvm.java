package com.decentdb.r2dbc;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Starts a program of the tests in a JVM of its own, like this one. */
public final class ChildJvm {

    private final List<String> options = new ArrayList<>();
    private final List<String> program;

    private ChildJvm(String... program) {
        this.program = List.of(program);
    }

    /** A program that is not started yet. */
    public static ChildJvm of(Class<?> program) {
        return new ChildJvm(
                "--enable-native-access=ALL-UNNAMED",
                "-classpath",
                System.getProperty("java.class.path"),
                program.getName());
    }

    /** The same with the JDK's log for the driver, which Reactor takes where there is no SLF4J. */
    public static ChildJvm withLogOfTheJdk(Class<?> program) {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !entry.matches(".*[/\\\\]slf4j-.*"))
                .collect(Collectors.joining(File.pathSeparator));
        return new ChildJvm(
                "--enable-native-access=ALL-UNNAMED",
                "-Dreactor.logging.fallback=JDK",
                "-classpath",
                classPath,
                program.getName());
    }

    /** A program that is a module and not started yet, {@code module/class}, with the modules that it finds. */
    public static ChildJvm ofModule(String modulePath, String program) {
        return new ChildJvm("--enable-native-access=com.decentdb.ffi,com.sun.jna", "-p", modulePath, "-m", program);
    }

    /** Sets the size of its heap. */
    public ChildJvm mebibytes(int heap) {
        options.add("-Xmx" + heap + "m");
        return this;
    }

    /** Starts it; what it prints as errors appears among those of this JVM. */
    public Process start(String... arguments) throws IOException {
        return new ProcessBuilder(command(arguments))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** How a program ended, and all that it printed. */
    public record Outcome(boolean ended, int status, String output) {}

    /** Lets it run to its end, but not for longer than so many seconds. */
    public Outcome run(Path folder, long seconds, String... arguments) throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "output", ".txt");
        Process process = new ProcessBuilder(command(arguments))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
        int status = process.destroyForcibly().waitFor();
        return new Outcome(ended, status, Files.readString(output));
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        // The way that this JVM calls native code.
        String binding = System.getProperty("decentdb.ffi");
        if (binding != null) {
            command.add("-Ddecentdb.ffi=" + binding);
        }
        command.addAll(program);
        command.addAll(List.of(arguments));
        return command;
    }
}
