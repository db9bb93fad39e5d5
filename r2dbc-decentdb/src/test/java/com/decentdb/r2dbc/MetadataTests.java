package com.decentdb.r2dbc;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbConnectionMetadata;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.EngineInfo;
import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.Nullability;
import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.RowMetadata;
import io.r2dbc.spi.Type;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/** The metadata of results and connections. */
class MetadataTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        DecentDbConnection connection = database.connect();
        await(connection.execute(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, price DECIMAL(8,2),"
                        + " key UUID, data BYTEA, flag BOOLEAN, ratio REAL, day DATE, hour TIME, at TIMESTAMP, moment TIMESTAMPTZ,"
                        + " span INTERVAL)"));
        await(connection.execute(
                "INSERT INTO t (id, name, price, key) VALUES (1, 'x', $1, $2)", BigDecimal.ONE, new UUID(1, 2)));
    }

    static Stream<Arguments> columns() {
        return Stream.of(
                Arguments.of("id", R2dbcType.BIGINT, DecentDbType.INT64, Nullability.NON_NULL),
                Arguments.of("name", R2dbcType.VARCHAR, DecentDbType.TEXT, Nullability.NON_NULL),
                Arguments.of("price", R2dbcType.DECIMAL, DecentDbType.DECIMAL, Nullability.NULLABLE),
                Arguments.of("key", DecentDbType.UUID, DecentDbType.UUID, Nullability.NULLABLE),
                Arguments.of("data", R2dbcType.VARBINARY, DecentDbType.BLOB, Nullability.NULLABLE),
                Arguments.of("flag", R2dbcType.BOOLEAN, DecentDbType.BOOL, Nullability.NULLABLE),
                Arguments.of("ratio", R2dbcType.DOUBLE, DecentDbType.FLOAT64, Nullability.NULLABLE),
                Arguments.of("day", R2dbcType.DATE, DecentDbType.DATE, Nullability.NULLABLE),
                Arguments.of("hour", R2dbcType.TIME, DecentDbType.TIME, Nullability.NULLABLE),
                Arguments.of("at", R2dbcType.TIMESTAMP, DecentDbType.TIMESTAMP, Nullability.NULLABLE),
                Arguments.of(
                        "moment", R2dbcType.TIMESTAMP_WITH_TIME_ZONE, DecentDbType.TIMESTAMPTZ, Nullability.NULLABLE),
                Arguments.of("span", DecentDbType.INTERVAL, DecentDbType.INTERVAL, Nullability.NULLABLE));
    }

    @Test
    void columnsWithoutAnAliasAreCalledAsPostgreSqlCallsThem() {
        RowMetadata metadata =
                metadata("SELECT max(id), count(*), coalesce(name, 'x'), name || 'y', CAST('1' AS TEXT), 1::BIGINT,"
                        + " CASE WHEN id > 1 THEN 1 END, id + 1, EXISTS (SELECT 1), (SELECT max(id) FROM t), lower(name), CAST(name AS TEXT),"
                        + " max(id), id AS named FROM t GROUP BY id, name");
        List<String> names = metadata.getColumnMetadatas().stream()
                .map(ColumnMetadata::getName)
                .toList();

        if (database.bundled()) {
            assertThat(names)
                    .containsExactly(
                            "max",
                            "count",
                            "coalesce",
                            "?column?",
                            "text",
                            "int8",
                            "case",
                            "?column?",
                            "exists",
                            "max",
                            "lower",
                            "name",
                            "max",
                            "named");
            assertThat(metadata.contains("MAX")).isTrue();
        } else {
            // DecentDB numbers them. An enclosing query knows them by these names, so the driver leaves them.
            assertThat(names).startsWith("col1", "col2", "col3").endsWith("named");
            assertThat(awaitValue(
                            database.connect().fetchValue("SELECT col1 FROM (SELECT max(id) FROM t) AS s", Long.class)))
                    .isEqualTo(1);
        }
    }

    @Test
    void rowsShowTheirColumnsInLogsAndKeepTheirValuesToThemselves() {
        String shown = awaitValue(Flux.from(database.connect()
                        .createStatement("SELECT id, name AS title FROM t")
                        .execute())
                .concatMap(result -> result.map((row, metadata) -> row + " " + metadata)));
        assertThat(shown).isEqualTo("DecentDbRow[id, title] DecentDbRowMetadata[id INT64, title TEXT]");
    }

    @ParameterizedTest
    @MethodSource("columns")
    void describesEachColumnWhetherOrNotThereIsAValue(
            String name, Type type, DecentDbType nativeType, Nullability nullability) {
        ColumnMetadata column = metadata("SELECT * FROM t").getColumnMetadata(name);

        assertThat(column.getName()).isEqualTo(name);
        assertThat(column.getType()).isEqualTo(type);
        assertThat(column.getJavaType()).isEqualTo(nativeType.getJavaType());
        assertThat(column.getNativeTypeMetadata()).isEqualTo(nativeType);
        assertThat(column.getNullability()).isEqualTo(nullability);
    }

    @Test
    void tellsTheDigitsADecimalColumnIsDeclaredWith() {
        assumeTrue(database.bundled(), "DecentDB forgets the digits of a declaration");
        RowMetadata metadata = metadata("SELECT price AS cost, id FROM t");

        assertThat(metadata.getColumnMetadata("cost").getPrecision()).isEqualTo(8);
        assertThat(metadata.getColumnMetadata("cost").getScale()).isEqualTo(2);
        assertThat(metadata.getColumnMetadata("id").getScale()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ALTER TABLE t ADD COLUMN more TEXT",
                "ALTER TABLE t RENAME COLUMN price TO cost",
                "ALTER TABLE t ADD CONSTRAINT dear CHECK (id > 0)",
                "ALTER TABLE t ALTER COLUMN price TYPE DECIMAL(8,2)"
            })
    void tellsThemStillWhenTheTableWasAltered(String change) {
        assumeTrue(database.bundled(), "DecentDB forgets the digits of a declaration");
        await(database.connect().execute(change));

        ColumnMetadata price = metadata("SELECT * FROM t").getColumnMetadatas().stream()
                .filter(column -> column.getName().matches("price|cost"))
                .findFirst()
                .orElseThrow();
        assertThat(price.getPrecision()).isEqualTo(8);
        assertThat(price.getScale()).isEqualTo(2);
    }

    @Test
    void describesExpressionsAsFarAsIsKnown() {
        RowMetadata metadata = metadata("SELECT id + 1 AS next, NULL AS nothing, COUNT(*) AS many FROM t GROUP BY id");

        assertThat(metadata.getColumnMetadata("next").getType()).isEqualTo(R2dbcType.BIGINT);
        assertThat(metadata.getColumnMetadata("nothing").getNativeTypeMetadata())
                .isEqualTo(DecentDbType.NULL);
        assertThat(metadata.getColumnMetadata("nothing").getJavaType()).isEqualTo(Object.class);
        assertThat(metadata.getColumnMetadata("many").getNullability()).isNotEqualTo(Nullability.NULLABLE);
    }

    @Test
    void describesWhatAWriteReturns() {
        RowMetadata metadata = metadata("UPDATE t SET name = 'y' RETURNING price AS cost, name");

        assertThat(metadata.getColumnMetadata("COST").getType()).isEqualTo(R2dbcType.DECIMAL);
        assertThat(metadata.getColumnMetadata(1).getType()).isEqualTo(R2dbcType.VARCHAR);
    }

    @Test
    void findsColumnsByNameInAnyCaseAndTheFirstOfSeveral() {
        RowMetadata metadata = metadata("SELECT id AS \"Größe\", name, price AS NAME FROM t");

        assertThat(metadata.contains("GRÖSSE")).isFalse();
        assertThat(metadata.contains("GRÖßE")).isTrue();
        assertThat(metadata.contains("nAmE")).isTrue();
        assertThat(metadata.contains("missing")).isFalse();
        assertThat(metadata.getColumnMetadata("NAME").getType()).isEqualTo(R2dbcType.VARCHAR);
        assertThat(metadata.getColumnMetadatas())
                .extracting(column -> column.getName().toLowerCase(Locale.ROOT))
                .containsExactly("größe", "name", "name");
    }

    @Test
    void refusesColumnsThatAreNotThere() {
        RowMetadata metadata = metadata("SELECT id FROM t");

        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> metadata.getColumnMetadata(-1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> metadata.getColumnMetadata(1));
        assertThatExceptionOfType(NoSuchElementException.class)
                .isThrownBy(() -> metadata.getColumnMetadata("name"))
                .withMessageContaining("[id]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> metadata.getColumnMetadata(TestDatabase.<String>nothing()));
        assertThatIllegalArgumentException().isThrownBy(() -> metadata.contains(nothing()));
    }

    @Test
    void aConnectionNamesItsProductAndEngine() {
        DecentDbConnectionMetadata metadata = database.connect().getMetadata();

        assertThat(metadata.getDatabaseProductName()).isEqualTo("DecentDB");
        assertThat(metadata.getDatabaseVersion())
                .isEqualTo(metadata.engine().version())
                .isNotEmpty();
    }

    @Test
    void theVersionsOfEngineAndDriverAreThereWithoutADatabase() throws IOException {
        EngineInfo version = awaitValue(DecentDb.version());

        assertThat(version).isEqualTo(database.connect().getMetadata().engine());
        assertThat(version.abiVersion()).isEqualTo(7);
        assertThat(version.version()).isNotEmpty();
        assertThat(version.path()).isNotEmpty();
        assertThat(awaitValue(database.connect().version())).isEqualTo(version.version());
        String build = Files.readString(Path.of("..", "pom.xml"));
        assertThat(build)
                .as("the version of the driver is that of the build")
                .containsPattern("<artifactId>r2dbc-decentdb-parent</artifactId>\\s*<version>"
                        + Pattern.quote(version.driverVersion()) + "</version>");
    }

    private RowMetadata metadata(String sql) {
        return awaitValue(Flux.from(database.connect().createStatement(sql).execute())
                .concatMap(result -> result.map((row, metadata) -> metadata)));
    }
}
