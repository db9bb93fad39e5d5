package com.decentdb.benchmarks.cluster;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A node of the cluster: a process with the dqlite server in it, which ends with this one. */
final class ServerNode {

    /** Elections take 15 times as long, heartbeats one and a half times. */
    static final long LATENCY_MILLIS = 20;

    private static final String READY = "ready";

    private final long id;
    private final String address;
    private final Path folder;
    private Process process;
    private boolean frozen;

    private ServerNode(long id, String address, Path folder) throws IOException {
        this.id = id;
        this.address = address;
        this.folder = Files.createDirectories(folder);
        this.process = begin();
    }

    static ServerNode start(long id, String address, Path folder) throws IOException {
        return new ServerNode(id, address, folder);
    }

    /** The library of the system, or the file that the environment variable {@code DQLITE_LIB} names. */
    static String libraryName() {
        String named = System.getenv("DQLITE_LIB");
        return named == null || named.isBlank() ? "libdqlite.so.0" : named;
    }

    long id() {
        return id;
    }

    String address() {
        return address;
    }

    boolean runs() {
        return process.isAlive() && !frozen;
    }

    /** SIGKILL. */
    void kill() {
        process.destroyForcibly().onExit().join();
        frozen = false;
    }

    /** SIGSTOP: the system goes on accepting connections for it, and nothing is ever answered. */
    void freeze() throws IOException, InterruptedException {
        signal("-STOP");
        frozen = true;
    }

    /** Brings it back as it was before it was killed or frozen. */
    void heal() throws IOException, InterruptedException {
        if (frozen) {
            signal("-CONT");
            frozen = false;
        } else if (!process.isAlive()) {
            process = begin();
        }
    }

    private void signal(String signal) throws IOException, InterruptedException {
        new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    private Process begin() throws IOException {
        Process begun = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx32m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        ServerNode.class.getName(),
                        Long.toString(id),
                        address,
                        folder.toString())
                .redirectError(
                        Redirect.appendTo(folder.resolveSibling(id + ".log").toFile()))
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(begun::destroyForcibly));
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(begun.getInputStream(), StandardCharsets.US_ASCII));
        if (!READY.equals(lines.readLine())) {
            throw new IOException("The node " + address + " did not start. It needs the dqlite server: apt-get install"
                    + " libdqlite0, or name its file in DQLITE_LIB. Its log: "
                    + Files.readString(folder.resolveSibling(id + ".log")));
        }
        return begun;
    }

    /**
     * The process of a node.
     *
     * @param args id, address and folder
     */
    public static void main(String[] args) throws IOException {
        NativeLibrary library = NativeLibrary.getInstance(libraryName());
        PointerByReference created = new PointerByReference();
        call(library, "dqlite_node_create", Long.parseLong(args[0]), args[1], args[2], created);
        Pointer node = created.getValue();
        call(library, "dqlite_node_set_bind_address", node, args[1]);
        call(library, "dqlite_node_set_network_latency_ms", node, LATENCY_MILLIS);
        call(library, "dqlite_node_start", node);
        System.out.println(READY);
        while (System.in.read() >= 0) {
            // Nothing is ever written to it.
        }
        Runtime.getRuntime().halt(0);
    }

    private static void call(NativeLibrary library, String function, Object... arguments) {
        int status = library.getFunction(function).invokeInt(arguments);
        if (status != 0) {
            throw new IllegalStateException(function + " of " + List.of(arguments) + " failed with " + status);
        }
    }
}
