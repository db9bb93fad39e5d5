package com.decentdb.r2dbc.cluster.nodes;

import com.decentdb.r2dbc.cluster.nodes.Frame.Body;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The requests and answers of the wire protocol by name, for tests that write down a conversation. */
public final class Wire {

    public static final int LEADER = 0;
    public static final int CLIENT = 1;
    public static final int OPEN = 3;
    public static final int PREPARE = 4;
    public static final int EXEC = 5;
    public static final int QUERY = 6;
    public static final int FINALIZE = 7;
    public static final int EXEC_SQL = 8;
    public static final int QUERY_SQL = 9;
    public static final int ADD = 12;
    public static final int ASSIGN = 13;
    public static final int REMOVE = 14;
    public static final int DUMP = 15;
    public static final int CLUSTER = 16;
    public static final int TRANSFER = 17;
    public static final int DESCRIBE = 18;
    public static final int WEIGHT = 19;

    public static final int FAILURE = 0;
    public static final int SERVER = 1;
    public static final int SERVERS = 3;
    public static final int DB = 4;
    public static final int STATEMENT = 5;
    public static final int RESULT = 6;
    public static final int ROWS = 7;
    public static final int EMPTY = 8;
    public static final int FILES = 9;
    public static final int METADATA = 10;

    public static final byte TYPE_TEXT = 3;
    public static final byte TYPE_BLOB = 4;

    /** The word after the last row. */
    public static final long DONE = 0xffff_ffff_ffff_ffffL;
    /** The word after the last row of a frame that another follows. */
    public static final long MORE = 0xeeee_eeee_eeee_eeeeL;

    private Wire() {}

    public static Frame failure(long code, String message) {
        return Frame.of(FAILURE, new Body().word(code).text(message));
    }

    /** The answer to {@link #LEADER}; id 0 and no address where none is known. */
    public static Frame server(long id, String address) {
        return Frame.of(SERVER, new Body().word(id).text(address));
    }

    /** The members, all voters, numbered from 1. */
    public static Frame servers(List<String> addresses) {
        Body body = new Body().word(addresses.size());
        for (int i = 0; i < addresses.size(); i++) {
            body.word(i + 1L).text(addresses.get(i)).word(0);
        }
        return Frame.of(SERVERS, body);
    }

    public static Frame db() {
        return Frame.of(DB, new Body().word(0));
    }

    public static Frame result(long lastInsertId, long rowsUpdated) {
        return Frame.of(RESULT, new Body().word(lastInsertId).word(rowsUpdated));
    }

    public static Frame empty() {
        return Frame.of(EMPTY, new Body().word(0));
    }

    /** The answer to {@link #PREPARE} of a server before 1.15, whatever schema the request had. */
    public static Frame statement(int id, long parameters) {
        return Frame.of(STATEMENT, new Body().half(0).half(id).word(parameters));
    }

    /** Rows of one column of integers, and whether a further frame will follow. */
    public static Frame rows(String column, boolean more, long... values) {
        Body body = new Body().word(1).text(column);
        for (long value : values) {
            body.word(1).word(value);
        }
        return Frame.of(ROWS, body.word(more ? MORE : DONE));
    }

    /** The last rows, of one column of integers. */
    public static Frame rows(String column, long... values) {
        return rows(column, false, values);
    }

    /** One row of one column of text. */
    public static Frame textRow(String column, String value) {
        return Frame.of(
                ROWS, new Body().word(1).text(column).word(3).text(value).word(DONE));
    }

    /** The last rows, of whole numbers, texts and nulls, or those that a further frame will follow. */
    public static Frame table(
            List<String> columns, boolean more, List<? extends List<? extends @Nullable Object>> rows) {
        Body body = new Body().word(columns.size());
        columns.forEach(body::text);
        for (List<? extends @Nullable Object> row : rows) {
            byte[] types = new byte[(row.size() + 15) / 16 * 8];
            for (int i = 0; i < row.size(); i++) {
                int type = row.get(i) == null ? 5 : row.get(i) instanceof Number ? 1 : 3;
                types[i / 2] |= (byte) (type << ((i % 2) * 4));
            }
            body.raw(types);
            for (Object value : row) {
                if (value instanceof Number number) {
                    body.word(number.longValue());
                } else if (value == null) {
                    body.word(0);
                } else {
                    body.text(value.toString());
                }
            }
        }
        return Frame.of(ROWS, body.word(more ? MORE : DONE));
    }

    public static Frame prepare(String sql) {
        return Frame.of(PREPARE, new Body().word(0).text(sql));
    }

    public static Frame finalizeStatement(int id) {
        return Frame.of(FINALIZE, new Body().half(0).half(id));
    }

    public static Frame exec(String sql) {
        return Frame.of(EXEC_SQL, new Body().word(0).text(sql));
    }

    public static Frame query(String sql) {
        return Frame.of(QUERY_SQL, new Body().word(0).text(sql));
    }

    public static Frame open(String database) {
        return Frame.of(OPEN, new Body().text(database).word(0).text(""));
    }
}
