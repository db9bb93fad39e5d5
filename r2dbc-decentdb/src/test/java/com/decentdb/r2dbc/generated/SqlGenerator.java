package com.decentdb.r2dbc.generated;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Makes up SQL by a grammar: mostly valid, deeply nested or chained now and then, sometimes damaged. The seed decides all of it. */
final class SqlGenerator {

    /** The tables that the statements are about. */
    static final List<String> SCHEMA = List.of(
            "CREATE TABLE t0 (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c DECIMAL(12,3), d BOOL, e TIMESTAMP, f FLOAT64)",
            "CREATE TABLE t1 (id INTEGER PRIMARY KEY, a INTEGER REFERENCES t1 (id) ON DELETE CASCADE, b TEXT UNIQUE, c UUID, d BLOB,"
                    + " e DATE, f INTERVAL)",
            "CREATE TABLE t2 (id INTEGER PRIMARY KEY, a INTEGER REFERENCES t0 (id) ON DELETE SET NULL, b TEXT NOT NULL CHECK"
                    + " (length(b) < 100), c INTEGER GENERATED ALWAYS AS (a + 1) STORED)",
            "CREATE VIEW v0 AS SELECT id, a, b FROM t0 WHERE a > 0",
            "INSERT INTO t0 (id, a, b, c, d, e, f) SELECT value, value, 'row ' || value, 1.5, value > 50,"
                    + " TIMESTAMP '2024-02-29 12:00:00', value / 7.0 FROM generate_series(1, 100) AS s(value)",
            "INSERT INTO t1 (id, a, b) SELECT value, CASE WHEN value > 1 THEN value - 1 END, 'key ' || value"
                    + " FROM generate_series(1, 50) AS s(value)");

    private static final List<String> TABLES = List.of("t0", "t1", "t2", "v0", "t3");
    private static final List<String> COLUMNS =
            List.of("id", "a", "b", "c", "d", "e", "f", "rowid", "nowhere", "\"A b\"");
    private static final List<String> TYPES =
            words("INTEGER | TEXT | BOOL | FLOAT64 | DECIMAL(10,2) | UUID | DATE | TIME | TIMESTAMP | "
                    + "TIMESTAMPTZ | INTERVAL | BLOB | INET | GEOMETRY | TEXT[] | VARCHAR(3)");
    private static final List<String> OPERATORS = List.of(
            "+",
            "-",
            "*",
            "/",
            "%",
            "||",
            "=",
            "<>",
            "<",
            ">=",
            "AND",
            "OR",
            "IS DISTINCT FROM",
            "LIKE",
            "NOT LIKE",
            "ILIKE",
            "->",
            "->>",
            "&",
            "|",
            "<<",
            ">>",
            "~",
            "IS");
    private static final List<String> FUNCTIONS =
            words("abs | length | upper | lower | coalesce | nullif | round | substr | replace | trim | "
                    + "sum | count | min | max | avg | group_concat | json_extract | json_array | "
                    + "json_object | date_trunc | extract | row_number | lag | hex | typeof | greatest | "
                    + "least | st_astext | st_geomfromtext | st_distance | fulltext_match | gen_random_uuid | "
                    + "now | nowhere | printf | glob | instr | sqrt | power | ln");
    private static final List<String> LITERALS =
            words("0 | 1 | -1 | 42 | 9223372036854775807 | 9223372036854775808 | -9223372036854775808 | "
                    + "0.1 | 1e308 | 1e-400 | 123456789012345678.9 | NULL | TRUE | FALSE | '' | 'x' | '%_%' | "
                    + "'it''s' | '\u00e9\ud83d\ude00' | '2024-02-30' | DATE '2024-02-29' | "
                    + "TIMESTAMP '2024-01-01 00:00:00' | INTERVAL '1 day' | x'00ff' | '{\"a\":[1]}' | "
                    + "'POINT(1 2)' | CURRENT_TIMESTAMP | '00000000-0000-0000-0000-000000000000' | "
                    + "'-infinity' | 'a' COLLATE NOCASE");
    private static final List<String> SPLINTERS = List.of(
            "(",
            ")",
            "'",
            "\"",
            ";",
            ",",
            "--",
            "/*",
            "*/",
            "$",
            "$1",
            "$99",
            "$$",
            ":",
            "::",
            "?",
            "\\",
            "\u0000",
            "\ufffd",
            "[",
            "]",
            "{",
            "SELECT",
            "FROM",
            "WHERE",
            "CASE",
            "END",
            "\n",
            "\u202e",
            "0x",
            "1e",
            ".",
            "..",
            "@",
            "E'\\'",
            "U&'\\0041'");
    private static final List<Supplier<Object>> VALUES = List.of(
            () -> 0,
            () -> Long.MIN_VALUE,
            () -> Long.MAX_VALUE,
            () -> 0.1,
            () -> Double.NEGATIVE_INFINITY,
            () -> Double.NaN,
            () -> Double.MIN_VALUE,
            () -> "",
            () -> "x",
            () -> "\u0000",
            () -> "%_\\'\"",
            () -> "\ud83d\ude00".repeat(1_000),
            () -> true,
            () -> new BigDecimal("123456789012345678"),
            () -> new BigDecimal("-0.000000000000000001"),
            () -> UUID.fromString("00000000-0000-0000-0000-000000000001"),
            () -> LocalDate.of(-4712, 1, 1),
            () -> LocalDateTime.of(2024, 2, 29, 23, 59, 59, 999_999_000),
            () -> OffsetDateTime.of(1970, 1, 1, 0, 0, 0, 0, ZoneOffset.ofHours(14)),
            () -> Duration.ofSeconds(-1, 1_000),
            () -> ByteBuffer.wrap(new byte[0]),
            () -> ByteBuffer.wrap(new byte[] {1, 2, 3}));

    private final Random random;
    private int parameters;

    SqlGenerator(long seed) {
        random = new Random(seed);
    }

    private static List<String> words(String separated) {
        return List.of(separated.split(" \\| "));
    }

    /** A statement; {@link #parameters} returns how many values it takes. */
    String statement() {
        parameters = 0;
        String made = switch (random.nextInt(20)) {
            case 0, 1, 2 -> insert();
            case 3, 4 -> "UPDATE " + table() + " SET " + column() + " = " + expression(3) + where(3) + returning();
            case 5 -> "DELETE FROM " + table() + where(3) + returning();
            case 6 -> definition();
            case 7 -> chain();
            case 8 -> nest();
            case 9 -> endless();
            case 10 -> pick(List.of("EXPLAIN ", "EXPLAIN ANALYZE ", "EXPLAIN EXPLAIN ", "DESCRIBE ")) + query(2);
            case 11 ->
                pick(List.of(
                        "BEGIN",
                        "COMMIT",
                        "ROLLBACK",
                        "SAVEPOINT s",
                        "RELEASE SAVEPOINT s",
                        "ROLLBACK TO SAVEPOINT s",
                        "SET TRANSACTION READ ONLY",
                        "ANALYZE",
                        "PRAGMA table_info(t0)",
                        "TRUNCATE TABLE t2"));
            default -> query(4);
        };
        return random.nextInt(6) == 0 ? damaged(made) : made;
    }

    int parameters() {
        return parameters;
    }

    /** A value for a parameter. */
    Object value() {
        return VALUES.get(random.nextInt(VALUES.size())).get();
    }

    boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    int below(int n) {
        return random.nextInt(n);
    }

    private String insert() {
        String rows = oneIn(3)
                ? query(2)
                : "VALUES " + list(1 + random.nextInt(3), () -> "(" + list(2, () -> expression(2)) + ")");
        String conflict = switch (random.nextInt(6)) {
            case 0 -> " ON CONFLICT DO NOTHING";
            case 1 -> " ON CONFLICT (" + column() + ") DO UPDATE SET b = EXCLUDED.b" + where(1);
            default -> "";
        };
        return "INSERT INTO " + table() + " (" + column() + ", " + column() + ") " + rows + conflict + returning();
    }

    private String returning() {
        return oneIn(4) ? " RETURNING " + list(1 + random.nextInt(2), () -> expression(1)) : "";
    }

    private String definition() {
        return switch (random.nextInt(8)) {
            case 0 ->
                "CREATE TABLE t3 (id INTEGER PRIMARY KEY, a " + pick(TYPES) + " DEFAULT " + expression(1)
                        + ", b TEXT CHECK (" + expression(2) + "))";
            case 1 -> "DROP TABLE IF EXISTS " + pick(List.of("t3", "t2"));
            case 2 -> "CREATE INDEX i" + random.nextInt(5) + " ON " + table() + " (" + expression(2) + ")" + where(1);
            case 3 -> "ALTER TABLE t3 ADD COLUMN " + column() + " " + pick(TYPES);
            case 4 -> "ALTER TABLE t3 RENAME COLUMN a TO " + column();
            case 5 -> "CREATE VIEW v" + random.nextInt(3) + " AS " + query(2);
            case 6 ->
                "CREATE TRIGGER g" + random.nextInt(3) + " AFTER INSERT ON " + table()
                        + " FOR EACH ROW EXECUTE FUNCTION decentdb_exec_sql('" + "UPDATE t0 SET a = a + 1 WHERE id = 1"
                        + "')";
            default -> "DROP " + pick(List.of("VIEW v1", "VIEW v2", "INDEX i1", "TRIGGER g1"));
        };
    }

    /** Many operators, rows or queries one after another. */
    private String chain() {
        int links = 1 << random.nextInt(12);
        return switch (random.nextInt(5)) {
            case 0 -> "SELECT " + literal() + (" " + pick(OPERATORS) + " " + literal()).repeat(links);
            case 1 -> "SELECT id FROM t0 WHERE a = 1" + (" " + pick(List.of("OR", "AND")) + " a = 2").repeat(links);
            case 2 ->
                "SELECT 1"
                        + (" " + pick(List.of("UNION", "UNION ALL", "EXCEPT")) + " SELECT 2")
                                .repeat(Math.min(links, 600));
            case 3 -> "INSERT INTO t0 (a) VALUES (1)" + ", (2)".repeat(links);
            default -> "SELECT * FROM t0 WHERE b IN ('x'" + ", 'y'".repeat(links) + ")";
        };
    }

    private String nest() {
        int levels = 1 << random.nextInt(13);
        String[] pair = pick(List.of(
                new String[] {"(", ")"},
                new String[] {"NOT ", ""},
                new String[] {"- ", ""},
                new String[] {"abs(", ")"},
                new String[] {"CASE WHEN TRUE THEN ", " END"},
                new String[] {"(SELECT ", ")"},
                new String[] {"CAST(", " AS INTEGER)"},
                new String[] {"coalesce(NULL, ", ")"},
                new String[] {"1 IN (", ")"},
                new String[] {"EXISTS (SELECT ", ")"},
                new String[] {"ARRAY[", "]"}));
        return "SELECT " + pair[0].repeat(levels) + literal() + pair[1].repeat(levels);
    }

    /** Without an end, or with one that is far away: it has to be stopped. */
    private String endless() {
        String rows = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) ";
        return pick(List.of(
                rows + "SELECT count(*) FROM r",
                rows + "SELECT n FROM r",
                "UPDATE t0 SET a = (" + rows + "SELECT count(*) FROM r)",
                "INSERT INTO t2 (b) SELECT 'x' FROM t0 a, t0 b, t0 c, t0 d, t0 e WHERE a.a + b.a + c.a + d.a + e.a < 0",
                "SELECT count(*) FROM t0 a, t0 b, t0 c, t0 d, t0 e"));
    }

    private String query(int depth) {
        String columns = oneIn(4) ? "*" : list(1 + random.nextInt(3), () -> expression(depth - 1));
        StringBuilder query = new StringBuilder();
        if (oneIn(10) && depth > 1) {
            query.append("WITH w AS (").append(query(depth - 1)).append(") ");
        }
        query.append("SELECT ").append(oneIn(6) ? "DISTINCT " : "").append(columns);
        if (!oneIn(6)) {
            query.append(" FROM ").append(source(depth - 1)).append(where(depth - 1));
        }
        if (oneIn(6)) {
            query.append(" GROUP BY ").append(expression(1)).append(oneIn(2) ? " HAVING " + expression(2) : "");
        }
        if (oneIn(8) && depth > 1) {
            query.append(pick(List.of(" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT ")))
                    .append(query(depth - 1));
        }
        if (oneIn(4)) {
            query.append(" ORDER BY ").append(expression(1)).append(pick(List.of("", " DESC", " NULLS FIRST")));
        }
        return query.append(" LIMIT ").append(oneIn(5) ? expression(1) : "50").toString();
    }

    private String source(int depth) {
        return switch (depth <= 0 ? 0 : random.nextInt(6)) {
            case 1 -> "(" + query(depth - 1) + ") AS x";
            case 2 ->
                table() + " AS l " + pick(List.of("JOIN", "LEFT JOIN", "FULL JOIN", "CROSS JOIN")) + " " + table()
                        + " AS r ON " + expression(depth - 1);
            case 3 -> "generate_series(1, " + literal() + ") AS s(a)";
            default -> table();
        };
    }

    private String where(int depth) {
        return oneIn(3) ? "" : " WHERE " + expression(depth);
    }

    private String expression(int depth) {
        if (depth <= 0) {
            return oneIn(2) ? column() : literal();
        }
        int inner = depth - 1;
        return switch (random.nextInt(14)) {
            case 0, 1, 2 -> expression(inner) + " " + pick(OPERATORS) + " " + expression(inner);
            case 3 ->
                pick(FUNCTIONS) + "(" + list(random.nextInt(4), () -> expression(inner)) + ")"
                        + (oneIn(5) ? " OVER (ORDER BY " + column() + ")" : "");
            case 4 ->
                "CASE WHEN " + expression(inner) + " THEN " + expression(inner) + " ELSE " + expression(inner) + " END";
            case 5 -> "CAST(" + expression(inner) + " AS " + pick(TYPES) + ")";
            case 6 ->
                expression(inner) + pick(List.of(" IN (", " NOT IN (")) + (oneIn(2) ? query(inner) : literal()) + ")";
            case 7 -> "(" + query(inner) + ")";
            case 8 -> expression(inner) + " BETWEEN " + literal() + " AND " + expression(inner);
            case 9 -> pick(List.of("NOT ", "- ", "~ ", "EXISTS (SELECT 1) AND ")) + expression(inner);
            case 10 -> "$" + ++parameters;
            default -> oneIn(2) ? column() : literal();
        };
    }

    private String literal() {
        return oneIn(12) ? "$" + ++parameters : pick(LITERALS);
    }

    private String table() {
        return pick(TABLES);
    }

    private String column() {
        return pick(COLUMNS);
    }

    private String damaged(String sql) {
        StringBuilder text = new StringBuilder(sql);
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(text.length() + 1);
            if (oneIn(2)) {
                text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(8)));
            } else {
                text.insert(at, pick(SPLINTERS));
            }
        }
        return text.toString();
    }

    private String list(int length, Supplier<String> element) {
        return IntStream.range(0, length).mapToObj(i -> element.get()).collect(Collectors.joining(", "));
    }

    private <T> T pick(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }
}
