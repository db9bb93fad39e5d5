package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.file;
import static com.decentdb.importer.Databases.texts;
import static com.decentdb.importer.Databases.url;
import static com.decentdb.importer.Databases.with;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The types of the columns of CSV files. */
class CsvTypeTests {

    @TempDir
    Path folder;

    private Path target;

    @BeforeEach
    void prepare() {
        target = folder.resolve("csv.ddb");
    }

    private ImportReport importCsv(String text, UnaryOperator<CsvOptions> options) {
        return requireNonNull(DecentDbImport.csv(file(folder, "item.csv", text), url(target) + "?linger=0")
                .with(all -> all.withCsv(options))
                .report()
                .block());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1 -5 9223372036854775807 0               | INT64
            1 9223372036854775808                    | TEXT
            007 8                                    | TEXT
            +1                                       | TEXT
            -0                                       | TEXT
            1.50 -20.25 0.00                         | DECIMAL
            1.5 2.25                                 | FLOAT64
            1 2.5                                    | FLOAT64
            1.0 2.25                                 | TEXT
            1e5                                      | TEXT
            0.1234567890123456 1.5                   | TEXT
            1234567890123456789.00                   | TEXT
            true false                               | BOOL
            true yes                                 | TEXT
            True                                     | TEXT
            2024-02-29 1999-12-31                    | DATE
            2023-02-29                               | TEXT
            12:00:00 23:59:59.5                      | TIME
            12:00                                    | TEXT
            2024-02-29_12:00:00 2024-02-29_12:00:00.000001 | TIMESTAMP
            2024-02-29T12:00:00                      | TEXT
            2024-02-29_12:00:00.50                   | TEXT
            2024-02-29_12:00:00+00                   | TIMESTAMPTZ
            2024-02-29_12:00:00+02                   | TEXT
            11111111-2222-3333-4444-5555555555ab     | UUID
            11111111-2222-3333-4444-5555555555AB     | TEXT
            NaN                                      | TEXT
            """)
    void aTypeIsChosenOnlyIfEveryValueIsTheSameInIt(String values, String type) {
        List<String> texts = Arrays.stream(values.trim().split(" ", -1))
                .map(each -> each.replace('_', ' '))
                .toList();

        importCsv("a,b\n" + String.join(",\n", texts) + ",\n", csv -> csv.withDetectTypes(true));

        assertThat(Databases.columns(target, "item")).containsExactly("a " + type, "b TEXT");
        assertThat(column(target, "SELECT a FROM item")).containsExactlyInAnyOrderElementsOf(texts);
    }

    /** Whatever the detection chooses, no text changes. */
    @Test
    void noValueOfAnyTypeIsEverAltered() {
        Random random = new Random(7);
        String characters = "0123456789.-+:eT ";
        for (int round = 0; round < 20; round++) {
            List<String> values = new ArrayList<>();
            String pattern = List.of(
                            "9",
                            "99",
                            "-9",
                            "9.9",
                            "9.99",
                            "99.999999",
                            "0.09999",
                            "99999999999.99",
                            "2024-09-09",
                            "99:99:99",
                            "99:99:99.99",
                            "2024-09-09 19:49:59",
                            "2024-09-09 19:49:59.9",
                            "2024-09-09 19:49:59+00")
                    .get(random.nextInt(14));
            for (int i = 0; i < 60; i++) {
                StringBuilder value = new StringBuilder(pattern);
                for (int at = 0; at < value.length(); at++) {
                    if (value.charAt(at) == '9') {
                        value.setCharAt(at, (char) ('0' + random.nextInt(10)));
                    }
                    if (round % 3 == 2 && random.nextInt(200) == 0) {
                        value.setCharAt(at, characters.charAt(random.nextInt(characters.length())));
                    }
                }
                values.add(value.toString());
            }
            StringBuilder text = new StringBuilder("n,v\n");
            for (int i = 0; i < values.size(); i++) {
                text.append(i).append(',').append(values.get(i)).append('\n');
            }
            String table = "round" + round;

            importCsv(
                    text.toString(),
                    csv -> csv.withDetectTypes(true).withTable(table).withAppend(true));

            assertThat(column(target, "SELECT v FROM " + table + " ORDER BY n"))
                    .as(pattern + " as " + Databases.columns(target, table))
                    .isEqualTo(values);
        }
    }

    @Test
    void aTypeThatIsNamedIsTakenAndValuesThatAreNotOfItAreRefused() {
        Map<String, String> types = Map.of("id", "INT64", "Price", "decimal(10,2)", "bytes", "BLOB");
        importCsv("id,price,bytes\n007,1.50,\\x00ff\n", csv -> csv.withColumns(types));

        assertThat(texts(target, "SELECT id, price, bytes FROM item")).containsExactly(List.of("7", "1.50", "\\x00ff"));
        assertThatThrownBy(() -> importCsv(
                        "id,price,bytes\n1,2,\nx,1.50,\n",
                        csv -> csv.withColumns(types).withTable("other")))
                .hasMessageContaining("item.csv:3: table other: column id: 'x' is not a value of INT64");
        assertThatThrownBy(() -> importCsv("id\n1\n", csv -> csv.withColumns(Map.of("none", "INT64"))))
                .hasMessageContaining("it has no column none; its columns are [id]");
        assertThatThrownBy(() -> importCsv("id\n1\n", csv -> csv.withColumns(Map.of("id", "NUMBER"))))
                .hasMessageContaining("the column id cannot be NUMBER; types are INT64");
    }

    @Test
    void rowsAreAddedToATableInItsTypes() {
        with(
                target,
                connection -> connection.execute(
                        "CREATE TABLE Item (id INTEGER PRIMARY KEY, name TEXT DEFAULT 'none', price DECIMAL(10,2), flag BOOL, day DATE);"
                                + " INSERT INTO Item (id) VALUES (1)"));

        ImportReport report =
                importCsv("ID,PRICE,flag,day\n2,1.50,true,2024-02-29\n,7.00,0,\n", csv -> csv.withAppend(true));

        assertThat(report.rowsWritten()).isEqualTo(2);
        assertThat(report.statements()).isEmpty();
        assertThat(texts(target, "SELECT id, name, price, flag, day FROM item ORDER BY id"))
                .containsExactly(
                        Arrays.asList("1", "none", null, null, null),
                        Arrays.asList("2", "none", "1.50", "true", "2024-02-29"),
                        Arrays.asList("3", "none", "7.00", "false", null));
        assertThatThrownBy(() -> importCsv("id,weight\n9,1\n", csv -> csv.withAppend(true)))
                .hasMessageContaining("has no column weight; its columns are [id, name, price, flag, day]");
        assertThatThrownBy(() -> importCsv("id,price\n9,cheap\n", csv -> csv.withAppend(true)))
                .hasMessageContaining("item.csv:2: table item: column price: 'cheap' is not a value of DECIMAL");
        assertThatThrownBy(
                        () -> importCsv("id\n9\n", csv -> csv.withAppend(true).withDetectTypes(true)))
                .hasMessageContaining("leave --column and --detect-types out");
        assertThatThrownBy(() -> importCsv("id\n9\n", csv -> csv)).hasMessageContaining("--append");
        assertThat(column(target, "SELECT count(*) FROM item")).containsExactly("3");
    }

    @Test
    void aFailureLeavesATableThatExistsAsItWas() {
        with(
                target,
                connection ->
                        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY); INSERT INTO item VALUES (2)"));

        assertThatThrownBy(() -> importCsv("id\n1\n2\n", csv -> csv.withAppend(true)))
                .hasMessageContaining("item.csv:3: table item:");

        assertThat(column(target, "SELECT id FROM item")).containsExactly("2");
    }
}
