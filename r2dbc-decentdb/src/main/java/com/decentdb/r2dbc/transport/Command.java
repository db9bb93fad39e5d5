package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.sql.SqlCommand;
import java.time.Duration;
import java.util.List;

/**
 * A statement to run.
 *
 * @param sql one statement, no transaction control
 * @param bindings one complete list of arguments per execution; a statement without parameters has one empty list. A
 *     statement that reads has one execution; several of another are one unit, which succeeds or fails as a whole, within a transaction
 *     too
 * @param fetchSize how many rows to read at once
 * @param lockWait how long to wait for the write lock; zero means not at all
 */
public record Command(SqlCommand sql, List<Value[]> bindings, int fetchSize, Duration lockWait) {

    /**
     * Checks the number of executions.
     *
     * @throws IllegalArgumentException if a statement that reads is to be executed several times
     */
    public Command {
        if (bindings.size() > 1 && sql.reads()) {
            throw new IllegalArgumentException("Each execution of a query is a command of its own: " + sql.source());
        }
    }

    /** One execution of a statement with the given arguments; none if it has no parameters. */
    public static Command of(SqlCommand sql, int fetchSize, Duration lockWait, Value... arguments) {
        return new Command(sql, List.<Value[]>of(arguments), fetchSize, lockWait);
    }
}
