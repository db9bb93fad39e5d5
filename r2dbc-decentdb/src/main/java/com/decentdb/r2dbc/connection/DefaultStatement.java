package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.delivery.OnDemand;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlScript;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.List;
import reactor.core.publisher.Flux;

/** SQL text with its arguments. Not thread-safe, as usual for statements; what {@link #execute} returned is. */
public final class DefaultStatement implements Statement {

    private final DefaultConnection connection;
    private final SqlScript script;
    private final Bindings bindings;
    private int fetchSize;
    private String returning = "";
    private List<String> generated = List.of();

    DefaultStatement(DefaultConnection connection, String sql, int fetchSize) {
        this.connection = connection;
        this.script = connection.settings().parse(sql);
        this.bindings = new Bindings(script, connection.settings());
        this.fetchSize = fetchSize;
    }

    /**
     * Ends one list of arguments and begins another. The executions of an insert, update or delete with all lists are one unit,
     * within a transaction too: they run when the first result is asked for, and one that fails undoes all and is the only signal.
     * A query runs with the next list when the result before it was consumed; so does a text of several statements, each of
     * which succeeds or fails on its own.
     */
    @Override
    public DefaultStatement add() {
        bindings.add();
        return this;
    }

    @Override
    public DefaultStatement bind(int index, Object value) {
        bindings.bind(index, value);
        return this;
    }

    @Override
    public DefaultStatement bind(String name, Object value) {
        bindings.bind(name, value);
        return this;
    }

    @Override
    public DefaultStatement bindNull(int index, Class<?> type) {
        bindings.bindNull(index, type);
        return this;
    }

    @Override
    public DefaultStatement bindNull(String name, Class<?> type) {
        bindings.bindNull(name, type);
        return this;
    }

    @Override
    public DefaultStatement fetchSize(int rows) {
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
    public DefaultStatement returnGeneratedValues(String... columns) {
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
                        "Only INSERT, UPDATE and DELETE return generated values, this is: " + command.source());
            }
        }
        StringBuilder clause = new StringBuilder(" RETURNING ");
        for (int i = 0; i < columns.length; i++) {
            clause.append(i == 0 ? "" : ", ").append(Identifiers.quote(columns[i]));
        }
        generated = List.of(columns);
        returning = columns.length == 0 ? " RETURNING *" : clause.toString();
        return this;
    }

    /**
     * Each statement of the text runs with demand for its result, each list of arguments runs the whole text, as {@link #add}
     * describes. Of several lists a result with rows comes when the one before was consumed: read to its end, failed or cancelled. A
     * subscriber that does not subscribe to a result as it arrives, as {@code then()} and {@code collectList()}, is not waited for. The arguments stay bound, so that this may be called again.
     */
    @Override
    public Flux<Result> execute() {
        List<Value[]> lists = bindings.finish();
        List<SqlCommand> commands = returning.isEmpty()
                ? script.commands()
                : script.commands().stream()
                        .map(command -> command.returning(returning, generated))
                        .toList();
        int rows = fetchSize;
        if (commands.size() == 1 && commands.get(0).control() == null && !Bindings.streamed(lists)) {
            return run(commands, lists, rows);
        }
        Flux<Result> results = Bindings.streamed(lists)
                ? OnDemand.flux(() -> Bindings.gather(lists).flatMapMany(all -> run(commands, all, rows)))
                : run(commands, lists, rows);
        return Flux.defer(() -> connection.session().isOpen()
                ? results
                : Flux.error(Errors.map(Errors.closed(), commands.get(0).source())));
    }

    private Flux<Result> run(List<SqlCommand> commands, List<Value[]> lists, int rows) {
        SqlCommand first = commands.get(0);
        if (commands.size() == 1 && (lists.size() == 1 || !first.reads())) {
            Flux<Result> results = connection.run(first, select(first, lists), rows);
            return lists.size() > 1 && first.returning() ? new ResultsInTurn(results) : results;
        }
        Flux<Result> results = Flux.fromIterable(lists)
                .concatMap(
                        list -> Flux.fromIterable(commands)
                                .concatMap(
                                        command ->
                                                connection.run(command, select(command, List.<Value[]>of(list)), rows),
                                        0),
                        0);
        return lists.size() > 1 ? new ResultsInTurn(results) : results;
    }

    private static List<Value[]> select(SqlCommand command, List<Value[]> lists) {
        if (command.parameters().size() == lists.get(0).length) {
            return lists;
        }
        if (lists.size() == 1) {
            return List.<Value[]>of(Bindings.select(command, lists.get(0)));
        }
        return lists.stream().map(list -> Bindings.select(command, list)).toList();
    }
}
