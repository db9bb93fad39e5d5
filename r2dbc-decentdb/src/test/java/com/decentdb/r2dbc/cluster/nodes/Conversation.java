package com.decentdb.r2dbc.cluster.nodes;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/**
 * The node's side of one connection, step by step: a test expects requests and answers them. A request that is not the
 * expected one fails the conversation, and with it the test. To be used by the one thread of its script.
 */
public final class Conversation {

    private final Socket socket;
    private final DataInputStream in;
    private final String address;

    Conversation(Socket socket, String address) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
        this.address = address;
    }

    /** Host and port of the node. */
    public String address() {
        return address;
    }

    /** Expects the first word of a client. */
    public Conversation handshake() throws IOException {
        byte[] word = in.readNBytes(Frame.handshake().length);
        if (word.length == 0) {
            // A search that ends cancels its other dials.
            throw new EOFException("The client said nothing");
        }
        if (!Arrays.equals(word, Frame.handshake())) {
            throw new AssertionError(
                    "Expected the handshake, got " + HexFormat.of().formatHex(word));
        }
        return this;
    }

    /** The next request, whatever it is. */
    public Frame next() throws IOException {
        return Frame.read(in);
    }

    /** Expects a request of this type, and returns it. */
    public Frame expect(int type) throws IOException {
        Frame request = next();
        if (request.type() != type) {
            throw new AssertionError("Expected a request of type " + type + ", got " + request);
        }
        return request;
    }

    /** Expects exactly this request, but for parameters: a tuple of none may be there or not. */
    public Conversation expect(Frame expected) throws IOException {
        Frame request = next();
        byte[] withoutParameters = new Frame.Body().raw(expected.body()).word(0).bytes();
        boolean same = request.equals(expected)
                || request.equals(new Frame(expected.type(), expected.schema(), withoutParameters));
        if (!same) {
            throw new AssertionError("Expected " + expected + "\n     got " + request);
        }
        return this;
    }

    /**
     * Speaks as the leader does to a client that arrives: expects the handshake, and answers questions for the leader, the
     * members and a database until another request arrives, which it returns.
     */
    public Frame lead() throws IOException {
        handshake();
        return afterQuestions();
    }

    /**
     * The next request that is not one of those with which a client finds the leader, opens a database and learns what an old server
     * understands; answers these.
     */
    public Frame afterQuestions() throws IOException {
        return afterQuestions(asked -> {});
    }

    /** Like {@link #afterQuestions()}; gives the questions for what the server understands to an action. */
    public Frame afterQuestions(Consumer<Frame> asked) throws IOException {
        while (true) {
            Frame request = next();
            if (request.type() == Wire.LEADER) {
                answer(Wire.server(1, address));
            } else if (request.type() == Wire.OPEN) {
                answer(Wire.db());
            } else if (request.type() == Wire.CLUSTER) {
                answer(Wire.servers(List.of(address)));
            } else if (request.equals(
                    new Frame(Wire.PREPARE, 1, Wire.prepare("SELECT 1").body()))) {
                asked.accept(request);
                answer(Wire.statement(0, 0)).expect(Wire.finalizeStatement(0)).answer(Wire.empty());
            } else if (request.equals(Wire.query("PRAGMA read_uncommitted"))) {
                asked.accept(request);
                answer(Wire.rows("read_uncommitted", 0));
            } else if (request.equals(Wire.query("SELECT sqlite_version()"))) {
                asked.accept(request);
                answer(Wire.textRow("sqlite_version()", "3.40.1"));
            } else {
                return request;
            }
        }
    }

    public Conversation answer(Frame... frames) throws IOException {
        Frame.Body all = new Frame.Body();
        for (Frame frame : frames) {
            all.raw(frame.bytes());
        }
        return send(all.bytes());
    }

    /** Sends bytes that need not be a frame. */
    public Conversation send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** Sends bytes in two segments, cut behind so many of them. */
    public Conversation sendCut(int cut, byte[] bytes) throws IOException {
        send(Arrays.copyOf(bytes, cut));
        pause(Duration.ofMillis(2));
        return send(Arrays.copyOfRange(bytes, cut, bytes.length));
    }

    /** Sends each byte in a segment of its own. */
    public Conversation sendOneByOne(byte[] bytes) throws IOException {
        for (byte each : bytes) {
            send(new byte[] {each});
            pause(Duration.ofMillis(1));
        }
        return this;
    }

    public Conversation pause(Duration time) throws IOException {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            // The node closes while the test leaves an answer out.
            throw new IOException("The node closes", e);
        }
        return this;
    }

    /** Answers nothing to whatever the client sends, until it goes away. */
    public void expectSilence() throws IOException {
        socket.getInputStream().transferTo(OutputStream.nullOutputStream());
    }

    /** Expects that the client closes the connection and sends no further request. */
    public void expectClose() throws IOException {
        try {
            int next = in.read();
            if (next >= 0) {
                throw new AssertionError("Expected the end of the connection, got a byte " + next);
            }
        } catch (SocketException e) {
            if (socket.isClosed()) {
                throw e;
            }
            // A reset: the client closed with bytes unread.
        }
    }

    /** Ends the connection in order. */
    public void close() throws IOException {
        socket.close();
    }

    /** Resets the connection, as the system does for a process that was killed. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }
}
