package com.decentdb.examples.cluster;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The dqlite server, a library in C. */
final class ServerLibrary {

    private final NativeLibrary library;

    private ServerLibrary(NativeLibrary library) {
        this.library = library;
    }

    /** Loads the library of the system, or the file that the environment variable {@code DQLITE_LIB} names. */
    static ServerLibrary load() {
        String named = System.getenv("DQLITE_LIB");
        return new ServerLibrary(NativeLibrary.getInstance(named == null ? "libdqlite.so.0" : named));
    }

    /** Installs Debian's package if it is absent and this user may. */
    static void require() throws IOException, InterruptedException {
        try {
            load();
            return;
        } catch (UnsatisfiedLinkError e) {
            if (System.getenv("DQLITE_LIB") != null
                    || !System.getProperty("user.name").equals("root")) {
                throw new IOException(
                        "The nodes need the dqlite server: apt-get install libdqlite0, or name its file in DQLITE_LIB",
                        e);
            }
        }
        System.out.println("The dqlite server is absent: installing the package libdqlite0.");
        run("apt-get", "update", "-qq");
        run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "libdqlite0");
        load();
    }

    private static void run(String... command) throws IOException, InterruptedException {
        int status = new ProcessBuilder(List.of(command)).inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", command) + " failed with status " + status);
        }
    }

    /** Starts a node that serves until its process ends. */
    void start(long id, String address, Path folder, long latencyMillis) {
        PointerByReference created = new PointerByReference();
        check("create", call("dqlite_node_create", id, address, folder.toString(), created));
        Pointer node = created.getValue();
        check("bind", call("dqlite_node_set_bind_address", node, address));
        check("latency", call("dqlite_node_set_network_latency_ms", node, latencyMillis));
        check("start", call("dqlite_node_start", node));
    }

    private int call(String function, Object... arguments) {
        return library.getFunction(function).invokeInt(arguments);
    }

    private static void check(String step, int status) {
        if (status != 0) {
            throw new IllegalStateException("A node could not start: " + step + " failed with " + status);
        }
    }
}
