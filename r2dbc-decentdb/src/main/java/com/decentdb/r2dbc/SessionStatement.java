package com.decentdb.r2dbc;

import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlScript;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import reactor.core.publisher.Flux;

/** SQL text with its arguments. Not thread-safe, as usual for statements; what {@link #execute} returned is. */
final class SessionStatement implements Statement {

    private final SessionConnection connection;
    private final SqlScript script;
    private final Bindings bindings;
    private int fetchSize;
    private String returning = "";

    SessionStatement(SessionConnection connection, String sql, int fetchSize) {
        if (sql == null) {
            throw new IllegalArgumentException("The SQL text must not be null");
        }
        this.connection = connection;
        this.script = SqlScript.parse(sql);
        if (script.commands().isEmpty()) {
            throw new IllegalArgumentException("The SQL text holds no statement");
        }
        this.bindings = new Bindings(script);
        this.fetchSize = fetchSize;
    }

    @Override
    public SessionStatement add() {
        bindings.add();
        return this;
    }

    @Override
    public SessionStatement bind(int index, Object value) {
        bindings.bind(index, value);
        return this;
    }

    @Override
    public SessionStatement bind(String name, Object value) {
        bindings.bind(name, value);
        return this;
    }

    @Override
    public SessionStatement bindNull(int index, Class<?> type) {
        bindings.bindNull(index, type);
        return this;
    }

    @Override
    public SessionStatement bindNull(String name, Class<?> type) {
        bindings.bindNull(name, type);
        return this;
    }

    @Override
    public SessionStatement fetchSize(int rows) {
        if (rows < 0) {
            throw new IllegalArgumentException("The fetch size must not be negative, it is " + rows);
        }
        if (rows > 0) {
            fetchSize = rows;
        }
        return this;
    }

    /** Appends {@code RETURNING} with the given columns, or all of them. */
    @Override
    public SessionStatement returnGeneratedValues(String... columns) {
        if (columns == null) {
            throw new IllegalArgumentException("The columns must not be null; give none for all of them");
        }
        for (SqlCommand command : script.commands()) {
            if (command.returning()) {
                throw new IllegalStateException(
                        "The statement has a RETURNING clause already; use either that or returnGeneratedValues");
            }
            if (command.kind() != SqlCommand.Kind.DML) {
                throw new IllegalStateException(
                        "Only INSERT, UPDATE and DELETE return generated values, this is: " + command.text());
            }
        }
        StringBuilder clause = new StringBuilder(" RETURNING ");
        for (int i = 0; i < columns.length; i++) {
            clause.append(i == 0 ? "" : ", ").append(Identifiers.quote(columns[i]));
        }
        returning = columns.length == 0 ? " RETURNING *" : clause.toString();
        return this;
    }

    @Override
    public Flux<Result> execute() {
        String suffix = returning;
        int rows = fetchSize;
        return bindings.finish()
                .flatMapMany(lists -> script.commands().size() == 1
                        ? connection.run(script.commands().get(0), suffix, lists, rows)
                        : Flux.fromIterable(script.commands())
                                .concatMap(command -> connection.run(command, suffix, lists, rows)));
    }
}
