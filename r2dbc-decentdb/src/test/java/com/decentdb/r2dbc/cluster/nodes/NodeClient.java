package com.decentdb.r2dbc.cluster.nodes;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** A small blocking client of one node, so that tests need not believe the driver about what a cluster holds. */
public final class NodeClient implements Closeable {

    /** A node's answer that it failed. */
    static final class Failure extends IOException {

        private static final long serialVersionUID = 1L;

        Failure(long code, String message) {
            super("code " + code + ": " + message);
        }
    }

    private static final int TIMEOUT_MILLIS = 15_000;
    private static final int MORE = 0xee;

    private final Socket socket;

    private NodeClient(Socket socket) {
        this.socket = socket;
    }

    public static NodeClient connect(String address) throws IOException {
        return connect(address, TIMEOUT_MILLIS);
    }

    static NodeClient connect(String address, int timeoutMillis) throws IOException {
        int colon = address.lastIndexOf(':');
        Socket socket = new Socket();
        try {
            socket.setSoTimeout(timeoutMillis);
            socket.setTcpNoDelay(true);
            socket.connect(
                    new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))),
                    timeoutMillis);
            socket.getOutputStream().write(Frame.handshake());
            return new NodeClient(socket);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** The address of the leader as this node knows it, empty if it knows none. */
    public String leader() throws IOException {
        Frame.Reader answer = ask(Wire.LEADER, new Frame.Body().word(0), Wire.SERVER);
        answer.word();
        return answer.text();
    }

    /** The addresses of the members. */
    public List<String> members() throws IOException {
        Frame.Reader answer = ask(Wire.CLUSTER, new Frame.Body().word(1), Wire.SERVERS);
        List<String> members = new ArrayList<>();
        for (long left = answer.word(); left > 0; left--) {
            answer.word();
            members.add(answer.text());
            answer.word();
        }
        return members;
    }

    void add(long id, String address) throws IOException {
        ask(Wire.ADD, new Frame.Body().word(id).text(address), Wire.EMPTY);
    }

    void promote(long id) throws IOException {
        ask(Wire.ASSIGN, new Frame.Body().word(id).word(0), Wire.EMPTY);
    }

    void transfer(long id) throws IOException {
        ask(Wire.TRANSFER, new Frame.Body().word(id), Wire.EMPTY);
    }

    /** Opens a database; the other calls that name none run on it. */
    public NodeClient open(String database) throws IOException {
        ask(Wire.OPEN, new Frame.Body().text(database).word(0).text(""), Wire.DB);
        return this;
    }

    /** Runs statements without parameters that give no rows. */
    public void execute(String sql) throws IOException {
        ask(Wire.EXEC_SQL, new Frame.Body().word(0).text(sql), Wire.RESULT);
    }

    /** Runs a statement with one parameter, a text or bytes, and returns how many rows it changed. */
    public long execute(String sql, Object argument) throws IOException {
        Frame.Body body = new Frame.Body().word(0).text(sql);
        if (argument instanceof byte[] bytes) {
            body.raw(new byte[] {1, Wire.TYPE_BLOB}).pad().blob(bytes);
        } else {
            body.raw(new byte[] {1, Wire.TYPE_TEXT}).pad().text(argument.toString());
        }
        Frame.Reader result = ask(Wire.EXEC_SQL, body, Wire.RESULT);
        result.word();
        return result.word();
    }

    /** The first column of a query, whose values are integers. */
    public List<Long> integers(String sql) throws IOException {
        List<Long> values = new ArrayList<>();
        Frame.Reader rows = ask(Wire.QUERY_SQL, new Frame.Body().word(0).text(sql), Wire.ROWS);
        while (readFrame(rows, values)) {
            rows = answer(Wire.ROWS);
        }
        return values;
    }

    /** Reads the rows of a frame of one column, and returns whether another frame follows. */
    private static boolean readFrame(Frame.Reader rows, List<Long> values) {
        if (rows.word() != 1) {
            throw new IllegalArgumentException("Only one column can be read");
        }
        rows.text();
        while (true) {
            long type = rows.word();
            if (type == Wire.DONE || type == Wire.MORE) {
                return (type & 0xff) == MORE;
            }
            values.add(rows.word());
        }
    }

    private Frame.Reader ask(int type, Frame.Body body, int expected) throws IOException {
        socket.getOutputStream().write(Frame.of(type, body).bytes());
        return answer(expected);
    }

    private Frame.Reader answer(int expected) throws IOException {
        Frame answer = Frame.read(new DataInputStream(socket.getInputStream()));
        if (answer.type() == Wire.FAILURE) {
            Frame.Reader failure = answer.reader();
            throw new Failure(failure.word(), failure.text());
        }
        if (answer.type() != expected) {
            throw new IOException("Expected an answer of type " + expected + ", got " + answer);
        }
        return answer.reader();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
