package com.decentdb.benchmarks.cluster;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A socket to a node and as little as possible around it: the limit for every client, and what the driver program itself needs. */
final class RawClient implements Closeable {

    private static final int WORD = 8;
    private static final int BUFFER = 64 * 1024;
    private static final int LEADER = 0;
    private static final int OPEN = 3;
    private static final int QUERY_SQL = 9;
    private static final int ADD = 12;
    private static final int ASSIGN = 13;
    /** The last bytes of rows that others follow. */
    private static final byte MORE = (byte) 0xee;

    private final Socket socket;
    private final DataInputStream in;

    RawClient(String address, int timeoutMillis) throws IOException {
        int colon = address.lastIndexOf(':');
        socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(timeoutMillis);
        socket.connect(
                new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))),
                timeoutMillis);
        socket.getOutputStream().write(new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER));
    }

    /** The address of the leader as the node knows it; empty if it knows none or does not answer. */
    static String leader(String address, int timeoutMillis) {
        try (RawClient client = new RawClient(address, timeoutMillis)) {
            ByteBuffer answer = client.ask(LEADER, buffer(WORD).putLong(0));
            return text(answer.position(WORD));
        } catch (IOException e) {
            return "";
        }
    }

    void open(String database) throws IOException {
        ask(OPEN, buffer(256).put(padded(database)).putLong(0).put(padded("")));
    }

    /** Adds a node as a voter. */
    void join(long id, String address) throws IOException {
        ask(ADD, buffer(256).putLong(id).put(padded(address)));
        ask(ASSIGN, buffer(2 * WORD).putLong(id).putLong(0));
    }

    /** Reads the whole answer to a query; returns how many bytes it had. */
    long query(String sql) throws IOException {
        ByteBuffer frame = ask(QUERY_SQL, buffer(1024).putLong(0).put(padded(sql)));
        long bytes = frame.limit();
        while (frame.get(frame.limit() - 1) == MORE) {
            frame = answer();
            bytes += frame.limit();
        }
        return bytes;
    }

    private ByteBuffer ask(int type, ByteBuffer body) throws IOException {
        body.flip();
        byte[] frame = new byte[WORD + body.limit()];
        ByteBuffer.wrap(frame)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(body.limit() / WORD)
                .put((byte) type)
                .put(new byte[3])
                .put(body);
        socket.getOutputStream().write(frame);
        return answer();
    }

    private ByteBuffer answer() throws IOException {
        byte[] header = in.readNBytes(WORD);
        if (header.length < WORD) {
            throw new IOException("The node closed the connection");
        }
        byte[] body = in.readNBytes(
                ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getInt() * WORD);
        ByteBuffer answer = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
        if (header[4] == 0) {
            throw new IOException("The node refuses: " + text(answer.position(WORD)));
        }
        return answer;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] padded(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate((bytes.length / WORD + 1) * WORD).put(bytes).array();
    }

    private static String text(ByteBuffer from) {
        StringBuilder text = new StringBuilder();
        for (byte next = from.get(); next != 0; next = from.get()) {
            text.append((char) next);
        }
        return text.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
