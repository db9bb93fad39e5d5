package com.decentdb.r2dbc.cluster.nodes;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A node that does what a test has written down: each connection gets a script of its own, in the order in which the
 * scripts were given; further ones get the script for all others, or are a failure. Use it in try-with-resources: closing
 * it ends the conversations and throws what went wrong in them.
 *
 * <pre>{@code
 * try (ScriptedNode node = ScriptedNode.start()) {
 *     node.next(talk -> {
 *         assertThat(talk.lead()).isEqualTo(Wire.query("SELECT 1"));
 *         talk.answer(Wire.rows("1", 1)).expectClose();
 *     });
 *     ..
 * }
 * }</pre>
 */
public final class ScriptedNode implements AutoCloseable {

    /** The node's side of a connection; the connection ends with it. */
    public interface Script {
        void run(Conversation talk) throws IOException;
    }

    private final ServerSocket server;
    private final String address;
    private final BlockingQueue<Script> scripts = new LinkedBlockingQueue<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile @Nullable Script others;
    private volatile boolean closing;

    private ScriptedNode(ServerSocket server) {
        this.server = server;
        this.address = "127.0.0.1:" + server.getLocalPort();
    }

    public static ScriptedNode start() throws IOException {
        ScriptedNode node = new ScriptedNode(new ServerSocket(0, 128, InetAddress.getLoopbackAddress()));
        node.start("accept", node::accept);
        return node;
    }

    /** Host and port. */
    public String address() {
        return address;
    }

    /** The URL of a database of this node alone, with these options. */
    public String url(String options) {
        return "r2dbc:decentdb:dqlite://" + address + "/app" + (options.isEmpty() ? "" : "?" + options);
    }

    /** How many connections arrived so far. */
    public int connections() {
        return connections.get();
    }

    /** How many connections have not ended yet. */
    public long open() {
        return sockets.stream().filter(socket -> !socket.isClosed()).count();
    }

    /** The script of the next connection that has none yet. */
    public ScriptedNode next(Script script) {
        scripts.add(script);
        return this;
    }

    /** The script of every connection for which there is no other; the client may end these when it likes. */
    public ScriptedNode others(Script script) {
        others = script;
        return this;
    }

    /** How many scripts no connection came for. */
    public int left() {
        return scripts.size();
    }

    private void accept() throws IOException {
        while (true) {
            Socket socket = server.accept();
            sockets.add(socket);
            int number = connections.incrementAndGet();
            Script scripted = scripts.poll();
            Script script = scripted == null ? others : scripted;
            if (script == null) {
                socket.close();
                failures.add(new AssertionError("Nobody expected connection " + number));
                continue;
            }
            socket.setTcpNoDelay(true);
            start("connection-" + number, () -> {
                try (socket) {
                    script.run(new Conversation(socket, address));
                } catch (EOFException | SocketException e) {
                    // Only a connection with a script of its own promised to stay.
                    if (scripted != null) {
                        throw e;
                    }
                }
            });
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private void start(String name, Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException | RuntimeException | AssertionError e) {
                        // Once the node closes its sockets, every conversation that still runs ends with one of these.
                        if (e instanceof AssertionError || !closing) {
                            failures.add(e);
                        }
                    }
                },
                "scripted-node-" + name);
        thread.setDaemon(true);
        synchronized (threads) {
            threads.add(thread);
        }
        thread.start();
    }

    /** Ends all conversations. What had failed in them before is thrown. */
    @Override
    public void close() throws IOException {
        closing = true;
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        List<Thread> started;
        synchronized (threads) {
            started = List.copyOf(threads);
        }
        for (Thread thread : started) {
            thread.interrupt();
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("Interrupted while a conversation ended", e);
            }
        }
        AssertionError failed = null;
        for (Throwable failure : failures) {
            if (failed == null) {
                failed = new AssertionError(
                        "A conversation of the scripted node failed: " + failure.getMessage(), failure);
            } else {
                failed.addSuppressed(failure);
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
