package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.spring.JavaValues.Kind;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.NonTransientDataAccessException;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import reactor.core.publisher.Flux;

/**
 * Every Java type in every type of column, bound and as the property of an entity: a value that is written is read again, and any
 * other is refused when it is written. The table of the manual is the one that these tests find.
 */
class TypeMatrixTests {

    private static final Path TYPES = Path.of("../docs/types.md");

    /** The types as the manual names them, as they are declared. */
    private static final Map<String, String> COLUMNS = Stream.of(
                    "INT64",
                    "FLOAT64",
                    "BOOL",
                    "TEXT",
                    "BLOB",
                    "DECIMAL",
                    "UUID",
                    "DATE",
                    "TIME",
                    "TIMESTAMP",
                    "TIMESTAMPTZ",
                    "INTERVAL",
                    "INET",
                    "CIDR",
                    "MACADDR",
                    "ENUM ('RED', 'GREEN')",
                    "GEOMETRY",
                    "GEOGRAPHY")
            .collect(Collectors.toMap(
                    type -> type.replaceAll(" .*", ""), type -> type, (one, other) -> one, LinkedHashMap::new));

    private static final Set<String> INTEGERS = Set.of("Long", "Integer", "Short", "Byte", "BigInteger");

    /**
     * The values that DecentDB takes and does not give back: numbers as dates, fractions as integers, and the text of intervals, which it
     * writes as three numbers.
     */
    private static final Map<String, Set<String>> LOST_BY_DECENTDB = Map.of(
            "DATE", INTEGERS,
            "TIME", INTEGERS,
            "TIMESTAMP", INTEGERS,
            "TIMESTAMPTZ", INTEGERS,
            "INTERVAL", INTEGERS,
            "INT64", Set.of("BigDecimal", "Double", "Float"),
            "TEXT", Set.of("Interval", "Period", "Duration", "EnumValue"));

    /** The forms that text takes which stands for a value in a form other than that of its column. */
    private static final Map<String, String> OWN_FORM = Map.of(
            "2024-07-01 in TIMESTAMP", "2024-07-01 00:00:00",
            "2024-03-10 02:30:00.5+00 in TIMESTAMP", "2024-03-10 02:30:00.5",
            "2024-07-01 in TIMESTAMPTZ", "2024-07-01 00:00:00+00",
            "2024-03-10 02:30:00 in TIMESTAMPTZ", "2024-03-10 02:30:00+00",
            "02:30:00.5 in INTERVAL", "PT2H30M0.5S",
            "10.0.0.1 in CIDR", "10.0.0.1/32",
            "2001:db8::1 in CIDR", "2001:db8::1/128",
            "::ffff:10.0.0.1 in CIDR", "::ffff:10.0.0.1/128");

    private final TimeZone zone = TimeZone.getDefault();

    @RegisterExtension
    final SpringDatabase spring = new SpringDatabase(Access.FACTORY);

    private final List<String> faults = new ArrayList<>();

    /** By column, the Java types it takes, and those it is read as. */
    private final Map<String, Set<String>> taken = new LinkedHashMap<>();

    private final Map<String, Set<String>> read = new LinkedHashMap<>();

    @AfterEach
    void restoreZone() {
        TimeZone.setDefault(zone);
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTC", "America/New_York", "Asia/Kolkata"})
    void eachValueIsReadAsItWasWrittenOrRefused(String zone) {
        TimeZone.setDefault(TimeZone.getTimeZone(zone));

        fillMatrix();

        System.out.println(matrix());
        assertThat(faults).isEmpty();
    }

    @Test
    void theReadmeHasTheTable() throws IOException {
        // DecentDB takes other values as TEXT, and numbers as dates.
        assumeTrue(spring.bundled());
        fillMatrix();

        Map<String, Set<String>> promised = new LinkedHashMap<>();
        Map<String, Set<String>> found = new LinkedHashMap<>();
        manualRows().forEach((column, cells) -> {
            promised.put(column + " takes", types(cells[3]));
            promised.put(column + " is only read as", types(cells[4]));
        });
        COLUMNS.keySet().forEach(column -> {
            Set<String> more = new TreeSet<>(cell(read, column));
            more.removeAll(cell(taken, column));
            found.put(column + " takes", cell(taken, column));
            found.put(column + " is only read as", more);
        });
        assertThat(promised).containsExactlyInAnyOrderEntriesOf(found);
    }

    private void fillMatrix() {
        Connection connection = awaitValue(spring.factory().create());
        boolean bundled = spring.bundled();
        COLUMNS.forEach((column, declared) -> {
            execute(connection, "DROP TABLE IF EXISTS cell");
            execute(connection, "CREATE TABLE cell (id INTEGER PRIMARY KEY, v " + declared + ")");
            for (Kind kind : JavaValues.all()) {
                if (!bundled && LOST_BY_DECENTDB.getOrDefault(column, Set.of()).contains(kind.name())) {
                    continue;
                }
                for (Object value : kind.values()) {
                    String what = kind.name() + " " + JavaValues.comparable(value) + " in " + column;
                    boolean bound = bound(connection, column, kind, value, what);
                    execute(connection, "DELETE FROM cell");
                    boolean written = written(column, kind, value, what);
                    execute(connection, "DELETE FROM cell");
                    if (bound != written && !kind.name().equals("EnumValue")) {
                        faults.add(what + (bound ? " is bound, but no property" : " is a property, but not bound"));
                    }
                    if (bound) {
                        cell(taken, column).add(kind.name());
                    }
                }
            }
        });
        await(connection.close());
    }

    private boolean bound(Connection connection, String column, Kind kind, Object value, String what) {
        try {
            await(Flux.from(connection
                            .createStatement("INSERT INTO cell (v) VALUES ($1)")
                            .bind(0, value)
                            .execute())
                    .concatMap(result -> result.getRowsUpdated()));
        } catch (R2dbcException | IllegalArgumentException e) {
            checkRefusal(e, kind, what);
            return false;
        }
        try {
            Object back = awaitValue(Flux.from(
                            connection.createStatement("SELECT v FROM cell").execute())
                    .concatMap(result -> result.map((row, metadata) -> {
                        readAll(row, column);
                        return (Object) row.get(0, kind.type());
                    })));
            checkEqual(value, back, column, what + ", bound");
        } catch (R2dbcException | IllegalArgumentException e) {
            faults.add(what + ", bound, is not read: " + e.getMessage());
        }
        return true;
    }

    private boolean written(String column, Kind kind, Object value, String what) {
        R2dbcEntityTemplate template = spring.bean(R2dbcEntityTemplate.class);
        try {
            awaitValue(template.insert(kind.entityOf(value)));
        } catch (RuntimeException | ReflectiveOperationException e) {
            checkRefusal(e, kind, what);
            return false;
        }
        try {
            Object entity = awaitValue(template.select(kind.entity()).one());
            checkEqual(value, kind.propertyOf(entity), column, what + ", as a property");
        } catch (RuntimeException | ReflectiveOperationException e) {
            faults.add(what + ", as a property, is not read: " + NestedExceptionUtils.getMostSpecificCause(e));
        }
        return true;
    }

    /** The engine refuses with an SQLSTATE; the driver a class that is none for a database, and Spring what it has to take apart. */
    private void checkRefusal(Exception refusal, Kind kind, String what) {
        boolean clear = switch (kind.name()) {
            case "Date" -> String.valueOf(refusal.getMessage()).contains("bind the Instant");
            case "EnumValue" -> refusal instanceof R2dbcException || refusal instanceof NonTransientDataAccessException;
            default ->
                Stream.iterate((Throwable) refusal, e -> e != null, Throwable::getCause)
                        .anyMatch(e -> e instanceof R2dbcException coded
                                && coded.getSqlState() != null
                                && !coded.getSqlState().startsWith("XX"));
        };
        if (!clear) {
            faults.add(what + " is refused with " + refusal);
        }
    }

    private void checkEqual(Object value, @Nullable Object back, String column, String what) {
        Object expected = JavaValues.comparable(value);
        Object read = back == null ? null : JavaValues.comparable(back);
        if (!expected.equals(read)
                && !OWN_FORM.getOrDefault(expected + " in " + column, "").equals(read)) {
            faults.add(what + ", is read as " + read);
        }
    }

    private void readAll(Row row, String column) {
        JavaValues.all().stream()
                .filter(kind -> readsAs(kind.type(), row))
                .forEach(kind -> cell(read, column).add(kind.name()));
    }

    private static boolean readsAs(Class<?> type, Row row) {
        try {
            return row.get(0, type) != null;
        } catch (R2dbcException | IllegalArgumentException e) {
            return false;
        }
    }

    private static Set<String> cell(Map<String, Set<String>> cells, String column) {
        return cells.computeIfAbsent(column, name -> new TreeSet<>());
    }

    /** A line for each Java type: W where a column takes its values, r where they can only be read. */
    private String matrix() {
        StringBuilder table = new StringBuilder(TimeZone.getDefault().getID()).append('\n');
        table.append("%-15s".formatted(""))
                .append(String.join(" ", COLUMNS.keySet()))
                .append('\n');
        for (Kind kind : JavaValues.all()) {
            table.append("%-15s".formatted(kind.name()));
            for (String column : COLUMNS.keySet()) {
                String mark = cell(taken, column).contains(kind.name())
                        ? "W"
                        : cell(read, column).contains(kind.name()) ? "r" : ".";
                table.append(mark).append(" ".repeat(column.length()));
            }
            table.append('\n');
        }
        return table.toString();
    }

    /** The cells of each row of the table of types, by the type it begins with. */
    private static Map<String, String[]> manualRows() throws IOException {
        return Files.readAllLines(TYPES).stream()
                .dropWhile(line -> !line.equals("# Types"))
                .dropWhile(line -> !line.startsWith("| DecentDB |"))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> line.split("\\|"))
                .flatMap(cells -> Arrays.stream(
                                cells[1].replaceAll("\\(.*\\)", "").split(","))
                        .map(type -> Map.entry(type.strip().replace("`", ""), cells)))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** The Java types that a cell names. */
    private static Set<String> types(String cell) {
        Map<String, List<String>> groups = Map.of(
                "numbers", List.of("Long", "Integer", "Short", "Byte", "BigInteger", "BigDecimal", "Double", "Float"),
                "text", List.of("String", "CharSequence", "Clob"),
                "instants", List.of("Instant", "OffsetDateTime", "ZonedDateTime"),
                "spans", List.of("Interval", "Period", "Duration"),
                "bytes", List.of("byte[]", "ByteBuffer", "Blob"));
        return Arrays.stream(cell.split(","))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .flatMap(word -> groups.getOrDefault(word, List.of(word.replace("`", ""))).stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static void execute(Connection connection, String sql) {
        await(Flux.from(connection.createStatement(sql).execute()).concatMap(result -> result.getRowsUpdated()));
    }
}
