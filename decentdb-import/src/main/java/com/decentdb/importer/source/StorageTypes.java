package com.decentdb.importer.source;

import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.ColumnType.Kind;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.text.Names;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The types of SQLite's columns in a cluster, which has SQLite, too. Each column gets the type that has its affinity: what the source stored
 * in it went through that affinity already, so that every value stays as it is. Other names go: a server dies of a text in a {@code BOOLEAN} and
 * of a number in a {@code DATETIME}.
 */
final class StorageTypes {

    private static final Set<String> COLLATIONS = Set.of("NOCASE", "RTRIM");

    private StorageTypes() {}

    /** Decides the types of a table's columns; returns how many rows it has. */
    static long decide(SourceTable table, Statement statement, Findings findings) throws SQLException {
        for (SourceColumn column : table.columns) {
            String type = affinity(column.declared.toUpperCase(Locale.ROOT));
            if (type.equals("NUMERIC") && !column.declared.equalsIgnoreCase(type)) {
                findings.changed(
                        "column " + table.name + "." + column.name,
                        0,
                        "declared as '" + column.declared + "'; on a cluster it is NUMERIC, as which SQLite treats it");
            }
            column.type = new ColumnType(Kind.ANY, type + collation(table, column, findings));
        }
        try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM " + Names.quote(table.name))) {
            rows.next();
            return rows.getLong(1);
        }
    }

    /** The name of the affinity that SQLite derives from a declaration. Only {@code INTEGER} makes a primary key the id of the row. */
    private static String affinity(String declared) {
        if (declared.contains("INT")) {
            return declared.equals("INTEGER") ? "INTEGER" : "INT";
        } else if (declared.contains("CHAR") || declared.contains("CLOB") || declared.contains("TEXT")) {
            return "TEXT";
        } else if (declared.isEmpty() || declared.contains("BLOB")) {
            return "BLOB";
        } else if (declared.contains("REAL") || declared.contains("FLOA") || declared.contains("DOUB")) {
            return "REAL";
        }
        return "NUMERIC";
    }

    private static String collation(SourceTable table, SourceColumn column, Findings findings) {
        @Nullable String collation = column.collation;
        if (collation == null || collation.equalsIgnoreCase("BINARY")) {
            return "";
        }
        if (COLLATIONS.contains(collation.toUpperCase(Locale.ROOT))) {
            return " COLLATE " + collation;
        }
        findings.changed(
                "column " + table.name + "." + column.name,
                0,
                "a cluster has no COLLATE " + collation + "; it compares texts exactly");
        return "";
    }
}
