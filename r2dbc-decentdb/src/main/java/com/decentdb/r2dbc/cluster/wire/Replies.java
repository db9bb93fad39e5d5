package com.decentdb.r2dbc.cluster.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Decodes replies. */
public final class Replies {

    /** The highest type of a reply. */
    public static final int LAST_TYPE = 10;

    /** Type of the reply that holds rows. */
    public static final int ROWS = 7;

    /** Codes have two bytes, and the highest of those is small. */
    private static final int LARGEST_CODE = 0xffff;

    private static final int SMALLEST_NODE = 3 * Words.WORD;
    private static final int SMALLEST_FILE = 2 * Words.WORD;

    private Replies() {}

    /**
     * Decodes a whole reply.
     *
     * @throws WireException if it is none
     */
    public static Reply decode(int type, int schema, byte[] body) {
        Reader in = new Reader(body);
        Reply reply = switch (type) {
            case 0 -> failure(in, body);
            case 1 -> new Reply.Leader(in.int64(), in.text());
            case 2 -> new Reply.Welcome(in.int64());
            case 3 -> nodes(in);
            case 4 -> database(in);
            case 5 -> prepared(in, schema);
            case 6 -> new Reply.Result(in.int64(), in.int64());
            case ROWS -> new Reply.Rows(RowsFrame.decode(in, body));
            case 8 -> empty(in);
            case 9 -> files(in);
            case LAST_TYPE -> new Reply.Metadata(in.int64(), in.int64());
            default -> throw new WireException("There is no reply of type " + type);
        };
        if (in.left() > 0) {
            throw new WireException("A reply of type " + type + " has " + in.left() + " bytes too many");
        }
        return reply;
    }

    /**
     * Servers before 1.15 put a failure behind the columns and rows that they had already written for the query. Where it begins is found
     * from the end: its text has no zero before its padding, and the number before the text has some.
     */
    private static Reply failure(Reader in, byte[] body) {
        Reply.Failure plain = new Reply.Failure(in.int64(), in.text());
        if (in.left() == 0 || body.length % Words.WORD != 0) {
            return plain;
        }
        int text = body.length - Words.WORD;
        while (text >= 2 * Words.WORD && !holdsZero(body, text - Words.WORD)) {
            text -= Words.WORD;
        }
        Reader last = new Reader(Arrays.copyOfRange(body, text - Words.WORD, body.length));
        Reply.Failure failure = new Reply.Failure(last.int64(), last.text());
        if (last.left() > 0 || failure.message().isEmpty() || failure.code() < 0 || failure.code() > LARGEST_CODE) {
            throw new WireException("A failure stands behind something else than rows");
        }
        in.skip(in.left());
        return failure;
    }

    private static boolean holdsZero(byte[] body, int word) {
        for (int i = word; i < word + Words.WORD; i++) {
            if (body[i] == 0) {
                return true;
            }
        }
        return false;
    }

    private static Reply database(Reader in) {
        int id = in.int32();
        in.skip(Integer.BYTES);
        return new Reply.Database(id);
    }

    private static Reply prepared(Reader in, int schema) {
        int database = in.int32();
        int id = in.int32();
        long parameters = in.int64();
        if (database != 0 || id < 0 || parameters < 0) {
            throw new WireException("A prepared statement has the numbers " + database + ", " + id + ", " + parameters);
        }
        if (schema == 1) {
            in.skip(Words.WORD);
        }
        return new Reply.Prepared(id, parameters, schema);
    }

    private static Reply empty(Reader in) {
        in.skip(Words.WORD);
        return new Reply.Empty();
    }

    private static Reply nodes(Reader in) {
        int count = count(in, SMALLEST_NODE);
        List<Reply.Node> nodes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long id = in.int64();
            String address = in.text();
            long role = in.int64();
            if (role < 0 || role > 2) {
                throw new WireException("A node has the role " + role);
            }
            nodes.add(new Reply.Node(id, address, (int) role));
        }
        return new Reply.Nodes(List.copyOf(nodes));
    }

    private static Reply files(Reader in) {
        int count = count(in, SMALLEST_FILE);
        List<Reply.File> files = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            String name = in.text();
            files.add(new Reply.File(name, in.bytes(in.length())));
        }
        return new Reply.Files(List.copyOf(files));
    }

    /** A number of elements, of which each takes some bytes at least. */
    static int count(Reader in, int smallest) {
        long count = in.int64();
        if (count < 0 || count > in.left() / smallest) {
            throw new WireException(
                    "A reply claims " + Long.toUnsignedString(count) + " elements in " + in.left() + " bytes");
        }
        return (int) count;
    }
}
