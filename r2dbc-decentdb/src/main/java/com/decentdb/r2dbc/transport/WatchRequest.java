package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.codec.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request to watch something. Equal requests share one watch of the engine. */
public sealed interface WatchRequest {

    /** Any change of any of these tables. */
    record Tables(List<String> tables) implements WatchRequest {}

    /**
     * Any change of rows with a primary key between two bounds, both included; null for no bound.
     *
     * @param orTable whether every change of the table will do where the keys of changed rows are not known
     */
    record Range(
            String table, @Nullable Bound lower, @Nullable Bound upper, boolean orTable) implements WatchRequest {}

    /**
     * A bound of a range of primary keys.
     *
     * @param values the first columns of a key, in order
     * @param single whether the user gave one value rather than a list
     */
    record Bound(List<Value> values, boolean single) {}

    /**
     * Any change of the tables a query reads, whatever its arguments.
     *
     * @param parameters how many parameters the query has
     */
    record Query(String sql, int parameters) implements WatchRequest {}

    /**
     * Every committed change of these tables, of all tables if none is named.
     *
     * @param unmasked whether rows are wanted although policies or masks exist for their table; an error otherwise
     * @param after the number of the event behind which they begin; null for the changes from now on
     */
    record Changes(
            List<String> tables, boolean unmasked, @Nullable Long after) implements WatchRequest {

        public Changes(List<String> tables, boolean unmasked) {
            this(tables, unmasked, null);
        }
    }
}
