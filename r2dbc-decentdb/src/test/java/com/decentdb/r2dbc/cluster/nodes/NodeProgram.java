package com.decentdb.r2dbc.cluster.nodes;

import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Path;

/** A node in a process of its own. It stops at SIGTERM, and dies as soon as its input ends, as it does with its parent. */
final class NodeProgram {

    static final String READY = "READY";

    private NodeProgram() {}

    /** Arguments: the id, the address, the folder and the latency in milliseconds. */
    public static void main(String[] args) throws IOException {
        DqliteLibrary library = DqliteLibrary.load();
        Pointer node = library.start(Long.parseLong(args[0]), args[1], Path.of(args[2]), Long.parseLong(args[3]));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> library.stop(node)));
        System.out.println(READY);
        while (System.in.read() >= 0) {
            // Nothing is ever written to it.
        }
        Runtime.getRuntime().halt(0);
    }
}
