package com.decentdb.r2dbc.runtime;

import com.decentdb.r2dbc.codec.Value;
import java.util.List;

/** What to watch. */
public sealed interface WatchRequest {

    /** Any change of any of these tables. */
    record Tables(List<String> tables) implements WatchRequest {}

    /** Any change of the tables a query reads. */
    record Query(String sql, List<Value> arguments) implements WatchRequest {}

    /** Every committed change of these tables, of all tables if none is named. */
    record Changes(List<String> tables) implements WatchRequest {}
}
