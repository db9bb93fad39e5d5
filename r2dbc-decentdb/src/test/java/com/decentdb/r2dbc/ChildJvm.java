package com.decentdb.r2dbc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Starts a program of the tests in a JVM of its own, like this one and with the same class path. */
public final class ChildJvm {

    private final List<String> options = new ArrayList<>();
    private final Class<?> program;

    private ChildJvm(Class<?> program) {
        this.program = program;
    }

    /** A program that is not started yet. */
    public static ChildJvm of(Class<?> program) {
        return new ChildJvm(program);
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
        command.add("--enable-native-access=ALL-UNNAMED");
        // The way that this JVM calls native code.
        String binding = System.getProperty("decentdb.ffi");
        if (binding != null) {
            command.add("-Ddecentdb.ffi=" + binding);
        }
        command.add("-classpath");
        command.add(System.getProperty("java.class.path"));
        command.add(program.getName());
        command.addAll(List.of(arguments));
        return command;
    }
}
