package com.decentdb.benchmarks.load;

import com.decentdb.benchmarks.peer.Operation;
import com.decentdb.benchmarks.peer.PeerKind;
import com.decentdb.benchmarks.peer.Sample;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

/** The commanding side of a {@link PeerProcess}, or of another program that answers lines with lines. */
public final class PeerConnection implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final String key;
    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;
    private final String version;

    private PeerConnection(String key, List<String> command) throws IOException {
        this.key = key;
        this.process =
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        this.answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.commands = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        String ready = answer(Duration.ZERO);
        if (!ready.startsWith("ready ")) {
            throw new IOException(key + " did not start: " + ready);
        }
        this.version = ready.substring("ready ".length());
    }

    static PeerConnection start(String key, List<String> program, Path data) throws IOException {
        List<String> command = new ArrayList<>(program);
        command.add(Files.createDirectories(data.resolve(key)).toString());
        return new PeerConnection(key, command);
    }

    /** Starts a program, whose first line is {@code ready} and its version. */
    public static PeerConnection start(String key, List<String> command) throws IOException {
        return new PeerConnection(key, command);
    }

    /** The command of a peer in a JVM of its own; its directory follows. */
    static List<String> jvm(PeerKind kind) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx2g",
                "-classpath",
                System.getProperty("java.class.path"),
                PeerProcess.class.getName(),
                kind.name());
    }

    public String key() {
        return key;
    }

    public String version() {
        return version;
    }

    boolean supports(Operation operation, int inFlight) throws IOException {
        return ask("supports " + operation + " " + inFlight, Duration.ZERO).equals("yes");
    }

    Sample run(Operation operation, int inFlight, Duration time) throws IOException {
        String answer = ask("run " + operation + " " + inFlight + " " + time.toMillis(), time);
        if (answer.startsWith("failed")) {
            throw new IOException(answer);
        }
        return Sample.parse(answer);
    }

    /**
     * Sends a line and waits for the line that answers it.
     *
     * @param time how long the command takes by itself
     */
    public String ask(String command, Duration time) throws IOException {
        commands.write(command + "\n");
        commands.flush();
        return answer(time);
    }

    /** A peer that hangs is killed, which ends the wait for its answer. */
    private String answer(Duration time) throws IOException {
        Disposable watchdog = Schedulers.parallel()
                .schedule(process::destroyForcibly, time.plus(PATIENCE).toMillis(), TimeUnit.MILLISECONDS);
        try {
            String line = answers.readLine();
            if (line == null) {
                throw new IOException(key + " has ended");
            }
            return line;
        } finally {
            watchdog.dispose();
        }
    }

    @Override
    public void close() {
        try {
            commands.close();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
