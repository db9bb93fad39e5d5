package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeResult;
import com.decentdb.ffi.Parameters;
import com.decentdb.ffi.RowBlock;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The policies and masks of a database, by which a statement does not show every row as it is stored. */
public final class RowRules {

    /** They are kept in tables of the engine, which are there once the first rule was made. */
    private static final List<String> CATALOG = List.of("__decentdb_policies", "__decentdb_masks");

    private RowRules() {}

    /** The tables with rules in force, in lower case. */
    public static Set<String> tables(NativeDatabase handle) {
        Set<String> tables = new HashSet<>();
        for (String rules : CATALOG) {
            try (NativeResult result =
                    handle.execute("SELECT table_name FROM " + rules + " WHERE enabled", Parameters.of(0))) {
                RowBlock names = result.rows();
                for (int row = 0; row < names.rows(); row++) {
                    tables.add(names.text(row, 0).toLowerCase(Locale.ROOT));
                }
            } catch (NativeException e) {
                if (!"42P01".equals(e.sqlState())) {
                    throw e;
                }
            }
        }
        return tables;
    }
}
