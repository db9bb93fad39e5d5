package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Column;
import java.util.List;

/** Reads the columns of a table from the engine. */
public final class TableColumns {

    private TableColumns() {}

    /** The columns in order; empty if there is no such table, or the engine cannot describe it. */
    public static List<Column> read(NativeDatabase handle, String table) {
        SqlCommand all = SqlCommand.of("SELECT * FROM \"" + table.replace("\"", "\"\"") + '"');
        List<Column> columns = new StatementShapes().get(handle, all).columns();
        return columns == null ? List.of() : columns;
    }
}
