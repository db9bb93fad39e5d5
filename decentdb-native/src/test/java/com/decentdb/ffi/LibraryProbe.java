package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A separate program, because a JVM binds one library only. It loads the files in its arguments and prints the outcome,
 * that of a second attempt too if the first one fails.
 */
final class LibraryProbe {

    private LibraryProbe() {}

    public static void main(String[] args) {
        try {
            NativeLibrary library = NativeLibrary.load(args.length == 0 ? null : Path.of(args[0]));
            System.out.println("LOADED " + library.source() + " " + library.abiVersion() + " " + library.path());
            System.out.println("THROUGH " + AbiLoader.binding().name());
            for (int i = 1; i < args.length; i++) {
                NativeLibrary again = NativeLibrary.load(Path.of(args[i]));
                System.out.println("SAME " + (again == library));
            }
            try (NativeDatabase db = library.open(":memory:", OpenMode.OPEN_OR_CREATE, "");
                    NativeResult result = db.execute("SELECT 1", Parameters.of(0))) {
                System.out.println("SELECTED " + result.rows().int64(0, 0));
            }
        } catch (NativeLibraryException e) {
            System.out.println("REFUSED " + e.getMessage());
            try {
                NativeLibrary.load(args.length == 0 ? null : Path.of(args[0]));
            } catch (NativeLibraryException again) {
                System.out.println("SAME REFUSAL " + Objects.equals(e.getMessage(), again.getMessage()));
            }
        }
    }

    static Process start(Map<String, String> environment, List<String> options, Path output, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // The way that this JVM calls native code, unless an option names one.
        String binding = System.getProperty(AbiLoader.PROPERTY);
        if (binding != null) {
            command.add("-D" + AbiLoader.PROPERTY + "=" + binding);
        }
        command.addAll(options);
        command.add(LibraryProbe.class.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("DECENTDB_"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    static String finish(Process process, Path output) throws Exception {
        boolean ended = process.waitFor(60, TimeUnit.SECONDS);
        process.destroyForcibly();
        assertThat(ended).isTrue();
        return Files.readString(output, StandardCharsets.UTF_8);
    }
}
