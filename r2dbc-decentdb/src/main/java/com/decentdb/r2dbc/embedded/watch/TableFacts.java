package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.embedded.engine.TableColumns;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.WatchedEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The facts about the tables of an event, which must be known before it is published.
 *
 * @param columns those of the tables not known before
 * @param hidden the tables with rows that not everybody may see, if the event depends on them
 */
record TableFacts(Map<String, List<Column>> columns, Set<String> hidden) {

    /** Reads them on a handle, whose thread may be another one than the hub's. */
    static TableFacts read(NativeDatabase handle, WatchedEvent event, Set<String> unknown, HiddenRows rows) {
        Set<String> hidden = rows.dependOn(event) ? rows.tables(handle) : Set.of();
        Map<String, List<Column>> columns = new HashMap<>();
        for (String table : unknown) {
            columns.put(table, TableColumns.read(handle, table));
        }
        return new TableFacts(columns, hidden);
    }
}
