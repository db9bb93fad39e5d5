package com.decentdb.examples.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A node of the cluster: a process with the dqlite server in it. */
final class Node {

    /** Heartbeats every 75 ms and elections after 750 ms; dqlite's own times are four times as long. */
    private static final long LATENCY_MILLIS = 50;

    private final long id;
    private final String address;
    private final Path folder;
    private Process process;

    private Node(long id, String address, Path folder, Process process) {
        this.id = id;
        this.address = address;
        this.folder = folder;
        this.process = process;
    }

    static Node start(long id, String address, Path folder) throws IOException {
        return new Node(id, address, folder, process(id, address, folder));
    }

    long id() {
        return id;
    }

    String address() {
        return address;
    }

    /** SIGKILL. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Starts it again, at the same address and with its data. */
    void restart() throws IOException {
        process = process(id, address, folder);
    }

    private static Process process(long id, String address, Path folder) throws IOException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx32m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        Node.class.getName(),
                        Long.toString(id),
                        address,
                        folder.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
        if (!"READY".equals(lines.readLine())) {
            throw new IOException("The node " + address + " did not start");
        }
        return process;
    }

    /**
     * The process of a node; it ends with its input, that is with its parent.
     *
     * @param args id, address and folder
     */
    public static void main(String[] args) throws IOException {
        ServerLibrary.load().start(Long.parseLong(args[0]), args[1], Path.of(args[2]), LATENCY_MILLIS);
        System.out.println("READY");
        while (System.in.read() >= 0) {
            // Nothing is ever written to it.
        }
        Runtime.getRuntime().halt(0);
    }

    @Override
    public String toString() {
        return "node " + id + " at " + address;
    }
}
