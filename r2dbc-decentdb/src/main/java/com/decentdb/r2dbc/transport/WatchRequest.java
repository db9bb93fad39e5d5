package com.decentdb.r2dbc.transport;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What to watch. Equal requests share one watch of the engine. */
public sealed interface WatchRequest {

    /** Any change of any of these tables. */
    record Tables(List<String> tables) implements WatchRequest {}

    /**
     * Any change of rows with a primary key from {@code lower} to {@code upper}, both included.
     *
     * @param lower a number, text or boolean, or a list of those for the first columns of a key; null for no bound
     * @param upper likewise
     */
    record Range(
            String table, @Nullable Object lower, @Nullable Object upper) implements WatchRequest {}

    /**
     * Any change of the tables a query reads, whatever its arguments.
     *
     * @param parameters how many parameters the query has
     */
    record Query(String sql, int parameters) implements WatchRequest {}

    /** Every committed change of these tables, of all tables if none is named. */
    record Changes(List<String> tables) implements WatchRequest {}
}
