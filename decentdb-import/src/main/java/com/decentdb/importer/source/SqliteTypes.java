package com.decentdb.importer.source;

import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.ColumnType.Kind;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceColumn;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.schema.SourceTable.ForeignKey;
import com.decentdb.importer.text.Names;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The types of SQLite's columns: what is declared, if every value is of that type, and else what the values are. */
final class SqliteTypes {

    private static final Pattern SIZES = Pattern.compile("\\(\\s*(\\d{1,9})\\s*(?:,\\s*(\\d{1,9})\\s*)?\\)");
    /** Not as plain columns: against one with NUMERIC affinity SQLite compares numbers, and takes every text for greater. */
    private static final String SINCE_YEAR_1 = "substr(%s, 1, 4) >= '0001'";

    private static final int COLUMNS_AT_ONCE = 100;
    private static final String HEX = "[0-9a-f]";
    private static final String UUID =
            HEX.repeat(8) + "-" + HEX.repeat(4) + "-" + HEX.repeat(4) + "-" + HEX.repeat(4) + "-" + HEX.repeat(12);

    /** The values of a column: how many of each storage class, and of the one that it declares. */
    private record Values(long integers, long reals, long texts, long blobs, long fitting, long inexact) {
        long all() {
            return integers + reals + texts + blobs;
        }
    }

    private SqliteTypes() {}

    /**
     * Decides the types of a table's columns; returns how many rows it has. Most columns hold what they declare, so that is looked at first, by
     * one cheap condition for each; only the values of the others are counted.
     */
    static long decide(SourceTable table, boolean detectUuid, Statement statement, Findings findings)
            throws SQLException {
        List<SourceColumn> others = new ArrayList<>();
        long rows = 0;
        for (List<SourceColumn> columns : parts(table.columns)) {
            String misfits = columns.stream()
                    .map(column -> ", count(CASE WHEN " + test(declared(column, false), Names.quote(column.name))
                            + " THEN NULL ELSE " + Names.quote(column.name) + " END)")
                    .collect(Collectors.joining());
            try (ResultSet counts = statement.executeQuery("SELECT count(*)" + misfits + from(table))) {
                counts.next();
                rows = counts.getLong(1);
                for (int i = 0; i < columns.size(); i++) {
                    SourceColumn column = columns.get(i);
                    ColumnType declared = declared(column, false);
                    if (counts.getLong(2 + i) > 0 || (detectUuid && declared.kind() == Kind.TEXT)) {
                        others.add(column);
                    } else {
                        decide(table, column, declared, null, findings);
                    }
                }
            }
        }
        for (List<SourceColumn> columns : parts(others)) {
            String counted =
                    columns.stream().map(column -> counted(column, detectUuid)).collect(Collectors.joining(", "));
            try (ResultSet counts = statement.executeQuery("SELECT " + counted + from(table))) {
                counts.next();
                for (int i = 0; i < columns.size(); i++) {
                    int at = 1 + 6 * i;
                    Values values = new Values(
                            counts.getLong(at),
                            counts.getLong(at + 1),
                            counts.getLong(at + 2),
                            counts.getLong(at + 3),
                            counts.getLong(at + 4),
                            counts.getLong(at + 5));
                    decide(table, columns.get(i), values, detectUuid, findings);
                }
            }
        }
        return rows;
    }

    /**
     * Gives columns that refer to others the types of those, if their values have them: one without values, or without a declared type, has
     * another type than its key otherwise, and the engine refuses the foreign key.
     */
    static void agree(SourceSchema schema, Predicate<String> wanted, Statement statement, Findings findings)
            throws SQLException {
        List<SourceTable> tables = schema.tables.values().stream()
                .filter(table -> wanted.test(table.name))
                .toList();
        boolean changed = true;
        // A column may follow one that follows another; two keys of one column would take turns for ever.
        for (int round = 0; changed && round <= tables.size(); round++) {
            changed = false;
            for (SourceTable table : tables) {
                for (ForeignKey key : table.foreignKeys) {
                    @Nullable
                    SourceTable target = tables.stream()
                            .filter(each -> each.name.equalsIgnoreCase(key.target()))
                            .findFirst()
                            .orElse(null);
                    changed |= target != null && agree(table, key, target, statement, findings);
                }
            }
        }
    }

    private static boolean agree(
            SourceTable table, ForeignKey key, SourceTable target, Statement statement, Findings findings)
            throws SQLException {
        SourceTable.@Nullable Key primary = target.primaryKey();
        List<String> targets =
                key.targetColumns().isEmpty() && primary != null ? primary.columns() : key.targetColumns();
        boolean changed = false;
        for (int i = 0; i < Math.min(targets.size(), key.columns().size()); i++) {
            @Nullable SourceColumn column = table.column(key.columns().get(i));
            @Nullable SourceColumn to = target.column(targets.get(i));
            if (column != null
                    && to != null
                    && column.type().kind() != to.type().kind()) {
                String name = Names.quote(column.name);
                try (ResultSet misfits = statement.executeQuery("SELECT 1" + from(table) + " WHERE " + name
                        + " IS NOT NULL AND NOT (" + test(to.type(), name) + ") LIMIT 1")) {
                    if (misfits.next()) {
                        continue;
                    }
                }
                column.type = to.type();
                findings.changed(
                        "column " + table.name + "." + column.name,
                        0,
                        "it refers to " + target.name + "." + to.name + "; it is "
                                + to.type().ddl() + " like that");
                changed = true;
            }
        }
        return changed;
    }

    private static List<List<SourceColumn>> parts(List<SourceColumn> columns) {
        return IntStream.iterate(0, from -> from < columns.size(), from -> from + COLUMNS_AT_ONCE)
                .mapToObj(from -> columns.subList(from, Math.min(from + COLUMNS_AT_ONCE, columns.size())))
                .toList();
    }

    private static String from(SourceTable table) {
        return " FROM " + Names.quote(table.name);
    }

    /** The numbers of {@link Values}. */
    private static String counted(SourceColumn column, boolean detectUuid) {
        String name = Names.quote(column.name);
        String inexact = "typeof(" + name + ")='integer' AND NOT " + isExact(name);
        return Stream.concat(
                        Stream.of("integer", "real", "text", "blob")
                                .map(storage -> "typeof(" + name + ")='" + storage + "'"),
                        Stream.of(test(declared(column, detectUuid), name), inexact))
                .map(condition -> "count(CASE WHEN " + condition + " THEN 1 END)")
                .collect(Collectors.joining(", "));
    }

    private static void decide(
            SourceTable table, SourceColumn column, Values values, boolean detectUuid, Findings findings) {
        boolean uuids = detectUuid && values.all() > 0 && values.fitting == values.all();
        ColumnType declared = declared(column, uuids);
        // Texts were counted instead of UUIDs.
        boolean fits = values.fitting == values.all()
                || (detectUuid && declared.kind() == Kind.TEXT && values.texts == values.all());
        @Nullable String reason = null;
        ColumnType type;
        if (fits) {
            type = declared;
        } else {
            type = observed(values);
            if (values.blobs > 0 && values.blobs < values.all()) {
                reason =
                        "it holds bytes and other values; it is a BLOB, in which texts and numbers are their UTF-8 text";
            } else if (values.texts > 0 && values.texts < values.all()) {
                reason = "it holds texts and numbers; it is TEXT, in which numbers are their text";
            } else if (type.kind() != declared.kind()) {
                reason = (column.declared.isEmpty()
                                ? "declared without a type"
                                : "declared as '" + column.declared + "'")
                        + ", but not all of its values are " + declared.ddl() + "; it is " + type.ddl();
            }
        }
        if (reason == null && type.kind() == Kind.UUID && !isUuid(column)) {
            reason = "all of its texts are UUIDs; it is UUID";
        }
        decide(table, column, type, reason, findings);
    }

    private static void decide(
            SourceTable table, SourceColumn column, ColumnType type, @Nullable String reason, Findings findings) {
        String subject = "column " + table.name + "." + column.name;
        column.type = type;
        if (reason != null) {
            findings.changed(subject, 0, reason);
        }
        if (column.collation != null && !column.collation.equalsIgnoreCase("BINARY")) {
            findings.changed(
                    subject, 0, "the engine has no COLLATE " + column.collation + "; it compares texts exactly");
        }
    }

    private static boolean isUuid(SourceColumn column) {
        String name = column.declared.toUpperCase(Locale.ROOT);
        return name.contains("UUID") || name.contains("GUID");
    }

    /** The type that a declaration asks for. */
    private static ColumnType declared(SourceColumn column, boolean detectUuid) {
        String name = column.declared.toUpperCase(Locale.ROOT);
        Matcher sizes = SIZES.matcher(name);
        String sized = sizes.find() ? sizes.group().replaceAll("\\s", "") : "";
        if (name.contains("BOOL")) {
            return new ColumnType(Kind.BOOL, "BOOL");
        } else if (name.contains("INTERVAL") || name.contains("POINT")) {
            return ColumnType.TEXT;
        } else if (name.contains("INT")) {
            return ColumnType.INT64;
        } else if (isUuid(column)) {
            return new ColumnType(Kind.UUID, "UUID");
        } else if (name.contains("CHAR") || name.contains("CLOB") || name.contains("TEXT")) {
            return detectUuid
                    ? new ColumnType(Kind.UUID, "UUID")
                    : name.contains("VARCHAR") && !sized.isEmpty()
                            ? new ColumnType(Kind.TEXT, "VARCHAR" + sized)
                            : ColumnType.TEXT;
        } else if (name.contains("BLOB")) {
            return ColumnType.BLOB;
        } else if (name.contains("REAL") || name.contains("FLOA") || name.contains("DOUB")) {
            return ColumnType.FLOAT64;
        } else if (name.contains("JSON")) {
            return new ColumnType(Kind.JSON, "JSON");
        } else if (name.startsWith("DATETIME") || name.startsWith("TIMESTAMP")) {
            return new ColumnType(Kind.TIMESTAMP, "TIMESTAMP");
        } else if (name.equals("DATE")) {
            return new ColumnType(Kind.DATE, "DATE");
        } else if (name.equals("TIME")) {
            return new ColumnType(Kind.TIME, "TIME");
        } else if (name.startsWith("DECIMAL") || name.startsWith("NUMERIC") || name.startsWith("MONEY")) {
            boolean fits = sized.isEmpty() || Integer.parseInt(sizes.group(1)) <= 18;
            return fits ? new ColumnType(Kind.DECIMAL, "DECIMAL" + sized) : ColumnType.TEXT;
        }
        // No type, or one without a meaning: the values decide.
        return ColumnType.TEXT;
    }

    /** An SQL condition that holds for the values of a type. */
    private static String test(ColumnType type, String name) {
        String text = "typeof(" + name + ")='text' AND ";
        return switch (type.kind()) {
            case INT64 -> "typeof(" + name + ")='integer'";
            case FLOAT64 -> "typeof(" + name + ")='real' OR typeof(" + name + ")='integer' AND " + isExact(name);
            case BOOL -> "typeof(" + name + ")='integer' AND " + name + " IN (0, 1)";
            case BLOB -> "typeof(" + name + ")='blob'";
            case UUID -> text + name + " GLOB '" + UUID + "'";
            case DATE ->
                text + "length(" + name + ")=10 AND date(" + name + ") IS " + name + " AND "
                        + SINCE_YEAR_1.formatted(name);
            case TIME -> text + "length(" + name + ")=8 AND time(" + name + ") IS " + name;
            case TIMESTAMP ->
                text + "datetime(substr(" + name + ",1,19)) IS replace(substr(" + name + ",1,19),'T',' ') AND "
                        + SINCE_YEAR_1.formatted(name) + " AND (length("
                        + name + ")=19 OR length(" + name + ") BETWEEN 21 AND 26 AND substr(" + name
                        + ",20,1)='.' AND substr(" + name
                        + ",21) NOT GLOB '*[^0-9]*')";
            case JSON -> text + "json_valid(" + name + ")";
            case DECIMAL ->
                "typeof(" + name + ")='integer' AND length(abs(" + name + "/10)) <= 17 OR typeof(" + name
                        + ")='real' AND abs(" + name + ") < 1e14 AND (abs(" + name + ") >= 1e-2 OR round(" + name
                        + ", 15) = " + name + ")";
            default -> "typeof(" + name + ")='text'";
        };
    }

    /** Whether a double has the integer. */
    private static String isExact(String name) {
        return name + " BETWEEN -9007199254740992 AND 9007199254740992";
    }

    private static ColumnType observed(Values values) {
        if (values.blobs > 0) {
            return ColumnType.BLOB;
        } else if (values.texts > 0 || (values.reals > 0 && values.inexact > 0)) {
            return ColumnType.TEXT;
        } else if (values.reals > 0) {
            return ColumnType.FLOAT64;
        } else if (values.integers > 0) {
            return ColumnType.INT64;
        }
        return ColumnType.TEXT;
    }
}
