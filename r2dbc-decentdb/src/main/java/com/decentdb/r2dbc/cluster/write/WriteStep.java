package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.line.ServerFeatures;
import com.decentdb.r2dbc.cluster.statement.Arguments;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Errors;
import java.util.List;

/**
 * One execution of a write.
 *
 * @param sql what is sent
 * @param command what the user wrote
 * @param counts whether the node reports how many rows it changed; of other statements it repeats the number of the one before
 * @param rows whether it yields rows
 * @param schema whether it changes the schema
 * @param alters whether it alters a table, whose log is then to be carried along
 * @param tables the tables it names as its targets
 */
@SuppressWarnings("ArrayRecordComponent")
public record WriteStep(
        String sql,
        SqlCommand command,
        Value[] arguments,
        boolean counts,
        boolean rows,
        boolean schema,
        boolean alters,
        List<String> tables) {

    private static final long SMALLEST = 64;

    /** The text that the user wrote. */
    public String source() {
        return command.source();
    }

    /**
     * The arguments for a server.
     *
     * @throws RuntimeException if it cannot execute the statement, or does not take the arguments
     */
    public Tuple tuple(ServerFeatures server) {
        if (rows && counts && !server.returning()) {
            throw Errors.of(
                    "0A000",
                    "The leader is another one now, of a version that loses rows changed with RETURNING",
                    source());
        }
        return Arguments.tuple(arguments, server.manyParameters(), source());
    }

    /** About how many bytes it takes. */
    long size() {
        long size = SMALLEST + sql.length();
        for (Value value : arguments) {
            if (value instanceof Value.Text text) {
                size += text.value().length();
            } else if (value instanceof Value.Blob blob) {
                size += blob.value().length;
            } else {
                size += Long.BYTES;
            }
        }
        return size;
    }
}
