package com.decentdb.r2dbc.cluster.nodes;

import static java.util.Objects.requireNonNull;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One node of a {@link RealCluster}: a process, its folder and its address, which stays the same when it restarts. */
public final class RealNode {

    /** The state of the process. */
    public enum State {
        RUNNING,
        FROZEN,
        DEAD
    }

    private final long id;
    private final String address;
    private final Path folder;
    private final long latencyMillis;
    private State state = State.DEAD;
    private @Nullable Process process;

    RealNode(long id, String address, Path folder, long latencyMillis) {
        this.id = id;
        this.address = address;
        this.folder = folder;
        this.latencyMillis = latencyMillis;
    }

    public long id() {
        return id;
    }

    /** Host and port. */
    public String address() {
        return address;
    }

    public State state() {
        return state;
    }

    /** Starts the process and waits until the node serves; its log is {@code node.log} in its folder. */
    void start() {
        try {
            Files.createDirectories(folder.resolve("data"));
            Process started = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx32m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-classpath",
                            System.getProperty("java.class.path"),
                            NodeProgram.class.getName(),
                            Long.toString(id),
                            address,
                            folder.resolve("data").toString(),
                            Long.toString(latencyMillis)))
                    .redirectError(ProcessBuilder.Redirect.appendTo(
                            folder.resolve("node.log").toFile()))
                    .start();
            process = started;
            Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.US_ASCII));
            if (!NodeProgram.READY.equals(lines.readLine())) {
                started.destroyForcibly();
                throw new IllegalStateException("Node " + id + " at " + address + " did not start:\n" + log());
            }
            state = State.RUNNING;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGKILL. */
    public void kill() {
        end(running().destroyForcibly());
    }

    /** SIGTERM, upon which the node stops in order, but hands leadership to nobody. */
    public void terminate() {
        Process ending = running();
        ending.destroy();
        end(ending);
    }

    /** SIGSTOP: the system goes on accepting connections for the node, and nothing is ever answered. */
    public void freeze() {
        signal("-STOP");
        state = State.FROZEN;
    }

    /** SIGCONT. */
    public void thaw() {
        signal("-CONT");
        state = State.RUNNING;
    }

    /** Ends a process in any state; it may have died by itself. */
    void end() {
        if (process != null) {
            end(process.destroyForcibly());
        }
    }

    /** Whether the process died though nobody had stopped it. */
    boolean crashed() {
        return state != State.DEAD && !running().isAlive();
    }

    String log() {
        try {
            Path log = folder.resolve("node.log");
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void end(Process ending) {
        try {
            ending.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while node " + id + " ended", e);
        }
        state = State.DEAD;
    }

    private void signal(String signal) {
        try {
            int status = new ProcessBuilder(
                            "kill", signal, Long.toString(running().pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IllegalStateException("kill " + signal + " of node " + id + " failed with " + status);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while node " + id + " got a signal", e);
        }
    }

    private Process running() {
        return requireNonNull(process, "The node was never started");
    }

    @Override
    public String toString() {
        return "node " + id + " at " + address + " (" + state + ")";
    }
}
