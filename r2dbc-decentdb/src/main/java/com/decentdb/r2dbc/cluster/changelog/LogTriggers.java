package com.decentdb.r2dbc.cluster.changelog;

import com.decentdb.r2dbc.api.cluster.ChangeLogLimits;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The SQL that makes and removes a change log. Triggers write each changed row as JSON: text, whole numbers and NULL as themselves,
 * other numbers with all their digits, what JSON has no number for as {@code {"real": "Infinity"}}, and bytes as {@code {"hex": ".."}}.
 *
 * <p>SQLite runs no trigger for the rows that {@code REPLACE} removes. So the rows that a new one conflicts with are set aside
 * before it is written; of those the ones that are gone afterwards were removed.
 */
public final class LogTriggers {

    /** The source of its events, for users. */
    public static final String SOURCE = "change log";

    /** The log. */
    static final String LOG = "decentdb_change_log";

    /** Rows that the one being written may remove. */
    private static final String CONFLICTS = LOG + "_conflicts";

    /** Beginning of the names of triggers. */
    static final String PREFIX = "decentdb_log_";

    /** How many triggers a table has. */
    static final int COUNT = 5;

    /** In the log, the operations that are no changes of rows. */
    static final String ENABLED = "enabled";

    static final String DISABLED = "disabled";

    private static final String MARK = "/*decentdb:1 ";
    private static final String NOW = "CAST(strftime('%s', 'now') AS INTEGER)";
    private static final String LARGEST = "1.7976931348623157e308";

    /** Trimming at every row costs as much as writing it. */
    private static final int TRIM_EVERY = 64;

    private LogTriggers() {}

    /** Makes the log, if there is none. */
    public static List<String> log() {
        return List.of(
                "CREATE TABLE IF NOT EXISTS " + LOG
                        + " (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL DEFAULT (" + NOW
                        + "), size INTEGER NOT NULL GENERATED ALWAYS AS (length(\"key\") + coalesce(length(\"before\"), 0)"
                        + " + coalesce(length(\"after\"), 0)) STORED, \"table\" TEXT NOT NULL, op TEXT NOT NULL,"
                        + " \"key\" TEXT NOT NULL, \"before\" TEXT, \"after\" TEXT)",
                "CREATE TABLE IF NOT EXISTS " + CONFLICTS
                        + " (\"table\" TEXT NOT NULL, row NOT NULL, \"key\" TEXT NOT NULL, \"before\" TEXT NOT NULL)",
                "CREATE TRIGGER IF NOT EXISTS " + trim(ChangeLogLimits.DEFAULT));
    }

    /** Trims the log from now on to other limits, and at once. */
    public static List<String> limits(ChangeLogLimits limits) {
        return List.of(
                "DROP TRIGGER IF EXISTS " + LOG + "_trim",
                "CREATE TRIGGER " + trim(limits),
                "DELETE FROM " + LOG + " WHERE seq <= (SELECT max(seq) FROM " + LOG + ") - " + limits.rows(),
                "DELETE FROM " + LOG + " WHERE seq <= (SELECT max(seq) FROM " + LOG + " WHERE at < " + since(limits)
                        + ")");
    }

    /** Trimming always takes the beginning, so that nothing is missing between the rows that are left. */
    private static String trim(ChangeLogLimits limits) {
        long every = limits.rows() < 16 * TRIM_EVERY ? 1 : TRIM_EVERY;
        return LOG + "_trim AFTER INSERT ON " + LOG + " WHEN NEW.seq % " + every + " = 0 BEGIN DELETE FROM " + LOG
                + " WHERE seq <= NEW.seq - " + limits.rows() + "; DELETE FROM " + LOG
                + " WHERE seq <= (SELECT max(seq) FROM (SELECT seq, at FROM " + LOG + " ORDER BY seq LIMIT "
                + 2 * (every + 1)
                + ") WHERE at < " + since(limits) + "); END";
    }

    private static String since(ChangeLogLimits limits) {
        return NOW + " - " + limits.age().toSeconds();
    }

    /**
     * Makes the triggers of a table.
     *
     * @throws R2dbcException if its changes cannot be recorded
     */
    public static List<String> enable(LogTable table) {
        refuse(table);
        Sql sql = new Sql(table);
        return List.of(
                sql.trigger("before_insert", "BEFORE INSERT", sql.setAside("")),
                sql.trigger(
                        "insert",
                        "AFTER INSERT",
                        MARK + table.signature() + "*/ " + sql.removed() + sql.insert("insert", false, true)),
                sql.trigger(
                        "before_update",
                        "BEFORE UPDATE",
                        sql.setAside(" AND " + sql.row("o") + " <> " + sql.row("OLD"))),
                sql.trigger("update", "AFTER UPDATE", sql.removed() + sql.insert("update", true, true)),
                sql.trigger(
                        "delete",
                        "AFTER DELETE",
                        "DELETE FROM " + CONFLICTS + " WHERE \"table\" = " + sql.literal + " AND row = "
                                + sql.row("OLD") + "; " + sql.insert("delete", true, false)),
                note(table.name(), ENABLED));
    }

    /**
     * Makes the triggers of a table anew within the transaction that changed it, so that the log has no gap.
     *
     * @throws R2dbcException if its changes can no longer be recorded
     */
    static List<String> anew(LogTable table) {
        return enable(table).subList(0, COUNT);
    }

    private static void refuse(LogTable table) {
        String name = table.name();
        if (!table.kind().equals("table") || name.startsWith("sqlite_") || name.startsWith(LOG)) {
            throw refused(
                    name, "it is " + (table.kind().equals("table") ? "a table of the system" : "a " + table.kind()));
        }
        table.uniques().forEach((index, parts) -> {
            if (parts.stream().anyMatch(part -> part.column() == null)) {
                throw refused(
                        name,
                        "its unique index " + index + " is over an expression; make it one over a generated column");
            }
        });
        if (table.rowIds()
                && LogTable.ROW_IDS.stream()
                        .allMatch(each -> table.names().stream().anyMatch(each::equalsIgnoreCase))) {
            throw refused(name, "its columns hide its row ids; rename one of " + String.join(", ", LogTable.ROW_IDS));
        }
    }

    private static R2dbcException refused(String table, String reason) {
        return Errors.of("0A000", "Changes of " + table + " cannot be logged: " + reason, null);
    }

    /** The names of all triggers that log a table; also of those made when it had another name. */
    public static final String NAMES =
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = $1 COLLATE NOCASE"
                    + " AND substr(name, 1, " + PREFIX.length() + ") = '" + PREFIX + "'";

    /** The tables that have triggers which log them, under the names that the tables have now. */
    static final String LOGGED_TABLES = "SELECT DISTINCT tbl_name FROM sqlite_schema WHERE type = 'trigger'"
            + " AND substr(name, 1, " + PREFIX.length() + ") = '" + PREFIX + "'";

    /** Removes a trigger of that name. */
    public static String drop(String trigger) {
        return "DROP TRIGGER " + quoted(trigger);
    }

    /** Notes in the log that changes of a table are no longer recorded. */
    public static String disabled(String table) {
        return note(table, DISABLED);
    }

    private static String note(String table, String op) {
        return "INSERT INTO " + LOG + " (\"table\", op, \"key\") VALUES (" + literal(table) + ", '" + op + "', '{}')";
    }

    /** The signature for which a trigger was made; null if it says nothing of one. */
    static @Nullable String recorded(String trigger) {
        int start = trigger.indexOf(" BEGIN " + MARK);
        int end = start < 0 ? -1 : trigger.indexOf("*/", start);
        return end < 0 ? null : trigger.substring(start + " BEGIN ".length() + MARK.length(), end);
    }

    private static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    /** The name of a column and a colon in JSON, without a backslash before a quote, which not every lexer reads alike. */
    private static String member(String before, String column) {
        StringBuilder json = new StringBuilder(before).append('"');
        for (int i = 0; i < column.length(); i++) {
            char c = column.charAt(i);
            if (c < ' ' || c == '"' || c == '\\') {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return literal(json.append("\":").toString());
    }

    /** The parts of the triggers of a table. */
    private static final class Sql {

        private final LogTable table;
        private final String name;
        private final String literal;
        private final String rowId;

        Sql(LogTable table) {
            this.table = table;
            this.name = quoted(table.name());
            this.literal = literal(table.name());
            this.rowId = LogTable.ROW_IDS.stream()
                    .filter(each -> table.names().stream().noneMatch(each::equalsIgnoreCase))
                    .findFirst()
                    .orElse("");
        }

        String trigger(String kind, String event, String body) {
            return "CREATE TRIGGER " + quoted(PREFIX + kind + "_" + table.name()) + " " + event + " ON " + name
                    + " BEGIN " + body + "; END";
        }

        String setAside(String condition) {
            return "DELETE FROM " + CONFLICTS + " WHERE \"table\" = " + literal + "; INSERT INTO " + CONFLICTS
                    + " (\"table\", row, \"key\", \"before\") SELECT " + literal + ", " + row("o") + ", " + key("o")
                    + ", " + image("o")
                    + " FROM " + name + " AS o WHERE (" + conflicts() + ")" + condition;
        }

        private String conflicts() {
            Stream<String> rows = table.rowIds() ? Stream.of("o." + rowId + " = NEW." + rowId) : Stream.of();
            Stream<String> indexes = table.uniques().values().stream()
                    .map(parts -> parts.stream()
                            .map(part -> {
                                String column = quoted(String.valueOf(part.column()));
                                return "o." + column + " = NEW." + column + " COLLATE " + quoted(part.collation());
                            })
                            .collect(Collectors.joining(" AND ", "(", ")")));
            return Stream.concat(rows, indexes).collect(Collectors.joining(" OR "));
        }

        String removed() {
            return "INSERT INTO " + LOG
                    + " (\"table\", op, \"key\", \"before\") SELECT \"table\", 'delete', \"key\", \"before\" FROM "
                    + CONFLICTS + " WHERE \"table\" = " + literal + " AND (row = " + row("NEW")
                    + " OR NOT EXISTS (SELECT 1 FROM " + name
                    + " AS o WHERE " + row("o") + " = row)); DELETE FROM " + CONFLICTS + " WHERE \"table\" = " + literal
                    + "; ";
        }

        String insert(String op, boolean before, boolean after) {
            return "INSERT INTO " + LOG + " (\"table\", op, \"key\"" + (before ? ", \"before\"" : "")
                    + (after ? ", \"after\"" : "")
                    + ") VALUES (" + literal + ", '" + op + "', " + key(after ? "NEW" : "OLD")
                    + (before ? ", " + image("OLD") : "")
                    + (after ? ", " + image("NEW") : "") + ")";
        }

        /** Tells rows apart. */
        String row(String row) {
            return table.rowIds() ? row + "." + rowId : key(row);
        }

        private String key(String row) {
            return table.key().isEmpty() ? "'{}'" : json(row, table.key());
        }

        private String image(String row) {
            return json(row, table.names());
        }

        /** Not json_object, which takes 50 columns at most and rounds. */
        private static String json(String row, List<String> columns) {
            StringBuilder json = new StringBuilder("(");
            for (int i = 0; i < columns.size(); i++) {
                json.append(member(i == 0 ? "{" : ",", columns.get(i)))
                        .append(" || ")
                        .append(value(row + "." + quoted(columns.get(i))))
                        .append(" || ");
            }
            return json.append("'}')").toString();
        }

        private static String value(String x) {
            return "CASE typeof(" + x + ") WHEN 'blob' THEN '{\"hex\":\"' || hex(" + x
                    + ") || '\"}' WHEN 'real' THEN CASE WHEN abs(" + x
                    + ") <= " + LARGEST + " THEN printf('%!.20e', " + x + ") ELSE '{\"real\":\"' || CASE WHEN " + x
                    + " < 0 THEN '-' ELSE '' END || 'Infinity\"}' END ELSE json_quote(" + x + ") END";
        }
    }
}
