package com.decentdb.r2dbc.cluster.nodes;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.file.Path;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The dqlite server library, {@code libdqlite.so.0} of the system or the file that the environment variable
 * {@code DQLITE_LIB} names.
 */
public final class DqliteLibrary {

    /** The first version that keeps the rows of a statement with RETURNING, as {@link #version()} counts. */
    public static final int RETURNING = 11_804;

    private static final String INSTALLED = "libdqlite.so.0";

    private final NativeLibrary library;

    private DqliteLibrary(NativeLibrary library) {
        this.library = library;
    }

    /** The file or the name that the loader of the system finds. */
    static String name() {
        String named = System.getenv("DQLITE_LIB");
        return named == null || named.isBlank() ? INSTALLED : named;
    }

    static DqliteLibrary load() {
        NativeLibrary library = NativeLibrary.getInstance(name());
        // A newer libdqlite comes with Raft inside; it must not be mixed with the file of the system.
        Path file =
                library.getFile() == null ? Path.of(name()) : library.getFile().toPath();
        if (!name().equals(INSTALLED)
                && !file.toAbsolutePath().equals(Path.of(name()).toAbsolutePath())) {
            throw new UnsatisfiedLinkError("Asked for " + name() + " but got " + file);
        }
        return new DqliteLibrary(library);
    }

    /** Skips the test where the library is absent; where {@code CI} is in the environment that is a failure. */
    public static void require() {
        try {
            load();
        } catch (UnsatisfiedLinkError e) {
            String reason = "There is no dqlite server library " + name() + " here (apt-get install libdqlite0, or name"
                    + " the file in DQLITE_LIB): " + e.getMessage();
            if (System.getenv("CI") != null) {
                Assertions.fail(reason);
            }
            Assumptions.abort(reason);
        }
    }

    /** The version that the library claims; Debian's 1.11.1 claims 1.10.0, which is 11000. */
    public static int version() {
        return load().library.getFunction("dqlite_version_number").invokeInt(new Object[0]);
    }

    /** Starts a node that serves until it is stopped. */
    Pointer start(long id, String address, Path folder, long latencyMillis) {
        PointerByReference created = new PointerByReference();
        int status = call("dqlite_node_create", id, address, folder.toString(), created);
        Pointer node = created.getValue();
        check(node, "create", status);
        check(node, "bind", call("dqlite_node_set_bind_address", node, address));
        check(node, "latency", call("dqlite_node_set_network_latency_ms", node, latencyMillis));
        check(node, "start", call("dqlite_node_start", node));
        return node;
    }

    void stop(Pointer node) {
        check(node, "stop", call("dqlite_node_stop", node));
    }

    private int call(String function, Object... arguments) {
        return library.getFunction(function).invokeInt(arguments);
    }

    private void check(Pointer node, String step, int status) {
        if (status != 0) {
            String message = node == null
                    ? "no node"
                    : library.getFunction("dqlite_node_errmsg").invokeString(new Object[] {node}, false);
            throw new IllegalStateException("dqlite: " + step + " failed with " + status + ": " + message);
        }
    }
}
