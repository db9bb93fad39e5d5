package com.decentdb.r2dbc.types;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbType;
import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import io.r2dbc.spi.Nullability;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.RowMetadata;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.TimeZone;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class TypeTests {

    private enum Colour {
        RED
    }

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    static Stream<Arguments> values() {
        UUID uuid = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");
        OffsetDateTime time = OffsetDateTime.of(2026, 11, 20, 1, 2, 3, 456_789_000, ZoneOffset.ofHours(2));
        return Stream.of(
                Arguments.of("INTEGER", Long.MIN_VALUE, Long.MIN_VALUE),
                Arguments.of("INTEGER", 7, 7L),
                Arguments.of("INTEGER", (short) 7, 7L),
                Arguments.of("INTEGER", (byte) 7, 7L),
                Arguments.of("FLOAT64", 1.5, 1.5),
                Arguments.of("FLOAT64", 1.5f, 1.5),
                Arguments.of("BOOL", true, true),
                Arguments.of("TEXT", "Zoë 𝄞", "Zoë 𝄞"),
                Arguments.of("TEXT", "", ""),
                Arguments.of("TEXT", CharBuffer.wrap("buffer"), "buffer"),
                Arguments.of("TEXT", Colour.RED, "RED"),
                Arguments.of("BLOB", new byte[] {0, -1}, ByteBuffer.wrap(new byte[] {0, -1})),
                Arguments.of("BLOB", ByteBuffer.wrap(new byte[] {}), ByteBuffer.wrap(new byte[] {})),
                Arguments.of("DECIMAL(18,2)", new BigDecimal("-12.30"), new BigDecimal("-12.30")),
                Arguments.of("UUID", uuid, uuid),
                Arguments.of("DATE", LocalDate.of(1066, 10, 14), LocalDate.of(1066, 10, 14)),
                Arguments.of(
                        "TIMESTAMP",
                        LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000),
                        LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000)),
                Arguments.of("TIMESTAMPTZ", time, time.withOffsetSameInstant(ZoneOffset.UTC)),
                Arguments.of("TIMESTAMPTZ", time.toZonedDateTime(), time.withOffsetSameInstant(ZoneOffset.UTC)),
                Arguments.of("TIMESTAMPTZ", time.toInstant(), time.withOffsetSameInstant(ZoneOffset.UTC)));
    }

    @ParameterizedTest
    @MethodSource("values")
    void survivesTheWayThereAndBack(String type, Object bound, Object read) {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v " + type + ")"));
        await(connection.execute("INSERT INTO t VALUES (1, $1)", bound));

        assertThat(awaitValue(connection.fetchValue("SELECT v FROM t", Object.class)))
                .isEqualTo(read);
        assertThat(awaitValue(connection.fetchValue("SELECT COUNT(*) FROM t WHERE v = $1", Long.class, bound)))
                .isOne();
    }

    @Test
    void readsWhatItIsAskedForIfNothingIsLost() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (i INTEGER, d DECIMAL(10,2), x TIMESTAMPTZ, s TEXT, n INTEGER)"));
        await(connection.execute(
                "INSERT INTO t VALUES (300, $1, $2, 'RED', NULL)", new BigDecimal("3.00"), Instant.EPOCH));

        assertThat(value(connection, "i", Integer.class)).isEqualTo(300);
        assertThat(value(connection, "i", Short.class)).isEqualTo((short) 300);
        assertThat(value(connection, "i", BigDecimal.class)).isEqualTo("300");
        assertThat(value(connection, "i", Number.class)).isEqualTo(300L);
        assertThat(value(connection, "d", BigInteger.class)).isEqualTo(3);
        assertThat(value(connection, "x", Instant.class)).isEqualTo(Instant.EPOCH);
        assertThat(value(connection, "x", ZonedDateTime.class).toInstant()).isEqualTo(Instant.EPOCH);
        assertThat(value(connection, "s", Colour.class)).isEqualTo(Colour.RED);
        connection
                .fetchValue("SELECT n FROM t", Long.class)
                .as(StepVerifier::create)
                .verifyComplete();
        connection
                .fetchValue("SELECT i FROM t", Byte.class)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                R2dbcDataIntegrityViolationException.class,
                                e -> assertThat(e.getSqlState()).isEqualTo("22003"))
                        .hasMessageContaining("'i'")
                        .hasMessageContaining("300")
                        .hasMessageContaining("-128 to 127"));
        connection
                .fetchValue("SELECT s FROM t", LocalTime.class)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                R2dbcDataIntegrityViolationException.class,
                                e -> assertThat(e.getSqlState()).isEqualTo("22018"))
                        .hasMessageContaining("TEXT")
                        .hasMessageContaining("'RED'")
                        .hasMessageContaining("LocalTime"));
        connection
                .fetchValue("SELECT i FROM t", LocalTime.class)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("INT64")
                        .hasMessageContaining("LocalTime"));
    }

    static Stream<Arguments> texts() {
        return Stream.of(
                Arguments.of("lower('X')", "x"),
                Arguments.of("-5", "-5"),
                Arguments.of("CAST('1.25' AS DECIMAL(10,2))", "1.25"),
                Arguments.of("CAST(5 AS FLOAT64)", "5"),
                Arguments.of("CAST(-1.5 AS FLOAT64)", "-1.5"),
                Arguments.of("CAST('0.0001' AS FLOAT64)", "0.0001"),
                Arguments.of("CAST('0.000012' AS FLOAT64)", "1.2e-05"),
                Arguments.of("CAST('123456789012345' AS FLOAT64)", "123456789012345"),
                Arguments.of("CAST('1e15' AS FLOAT64)", "1e+15"),
                Arguments.of("CAST('-1.25e300' AS FLOAT64)", "-1.25e+300"),
                Arguments.of("true", "true"),
                Arguments.of("(1 = 2)", "false"),
                Arguments.of("DATE '2024-07-01'", "2024-07-01"),
                Arguments.of("CAST('12:00:00' AS TIME)", "12:00:00"),
                Arguments.of("CAST('12:00:00.050' AS TIME)", "12:00:00.05"),
                Arguments.of("TIMESTAMP '2024-07-01 12:00:00'", "2024-07-01 12:00:00"),
                Arguments.of(
                        "CAST('2024-07-01 14:00:00.123456+02:00' AS TIMESTAMPTZ)", "2024-07-01 12:00:00.123456+00"),
                Arguments.of(
                        "CAST('00000000-0000-0001-0000-00000000000A' AS UUID)", "00000000-0000-0001-0000-00000000000a"),
                Arguments.of("INTERVAL '1 day 2 seconds'", "1 day 00:00:02"),
                Arguments.of("INTERVAL '-14 months 3 days -1500 milliseconds'", "-1 years -2 mons +3 days -00:00:01.5"),
                Arguments.of("CAST('10.0.0.1' AS INET)", "10.0.0.1"),
                Arguments.of("CAST('2001:db8:0:0:1:0:0:0' AS INET)", "2001:db8:0:0:1::"),
                Arguments.of("CAST('::' AS INET)", "::"),
                Arguments.of("CAST('::ffff:10.0.0.1' AS INET)", "::ffff:10.0.0.1"),
                Arguments.of("CAST('2001:db8::/32' AS CIDR)", "2001:db8::/32"),
                Arguments.of("CAST('08:00:2b:01:02:03' AS MACADDR)", "08:00:2b:01:02:03"),
                Arguments.of("x'00ff'", "\\x00ff"));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void readsEveryTypeAsTheTextOfPostgreSql(String expression, String text) {
        DecentDbConnection connection = database.connect();

        assertThat(awaitValue(connection.fetchValue("SELECT " + expression, String.class)))
                .isEqualTo(text);
    }

    @ParameterizedTest
    @MethodSource("texts")
    void castsEveryTypeToTheTextItIsReadAs(String expression, String text) {
        // libdecentdb casts some types to a text of its own form, and others to none.
        assumeTrue(database.bundled());
        DecentDbConnection connection = database.connect();

        assertThat(awaitValue(connection.fetchValue("SELECT CAST(" + expression + " AS TEXT)", String.class)))
                .isEqualTo(text);
        if (!expression.startsWith("x'")) {
            assertThat(awaitValue(connection.fetchValue("SELECT " + expression + " || ''", String.class)))
                    .isEqualTo(text);
        }
    }

    @Test
    void readsAnEnumAsTheTextItIsCastTo() {
        assumeTrue(database.bundled(), "libdecentdb casts an ENUM to its numbers");
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (e ENUM('new', 'paid')); INSERT INTO t VALUES ('paid')"));

        assertThat(value(connection, "e", String.class)).isEqualTo("paid");
        assertThat(value(connection, "CAST(e AS TEXT) || e", String.class)).isEqualTo("paidpaid");
    }

    @Test
    void readsDatesBeforeChristAsTheTextOfPostgreSql() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (d DATE, x TIMESTAMPTZ)"));
        LocalDate day = LocalDate.of(-4, 2, 29);
        await(connection.execute(
                "INSERT INTO t VALUES ($1, $2)", day, day.atTime(1, 2).toInstant(ZoneOffset.UTC)));

        assertThat(value(connection, "d", String.class)).isEqualTo("0005-02-29 BC");
        assertThat(value(connection, "x", String.class)).isEqualTo("0005-02-29 01:02:00+00 BC");
        assertThat(awaitValue(connection.fetchValue("SELECT '0005-02-29 BC'", LocalDate.class)))
                .isEqualTo(day);
        assertThat(awaitValue(connection.fetchValue("SELECT '0001-12-31 01:02:00 BC'", LocalDateTime.class)))
                .isEqualTo(LocalDateTime.of(0, 12, 31, 1, 2));
        assertThat(awaitValue(connection.fetchValue("SELECT '0005-02-29 01:02:00+00 BC'", Instant.class)))
                .isEqualTo(day.atTime(1, 2).toInstant(ZoneOffset.UTC));
    }

    @Test
    void textIsReadAsTheNumberItStandsForUnlessThatIsTooLarge() {
        DecentDbConnection connection = database.connect();

        assertThat(awaitValue(connection.fetchValue("SELECT '1e3'", Long.class)))
                .isEqualTo(1000L);
        assertThat(awaitValue(connection.fetchValue("SELECT '-Infinity'", Double.class)))
                .isEqualTo(Double.NEGATIVE_INFINITY);
        for (String text : List.of("1e999999999", "9".repeat(2000), "seven", "")) {
            connection
                    .fetchValue("SELECT '" + text + "'", BigInteger.class)
                    .as(StepVerifier::create)
                    .verifyErrorSatisfies(error -> assertThat(error)
                            .isInstanceOfSatisfying(
                                    R2dbcDataIntegrityViolationException.class,
                                    e -> assertThat(e.getSqlState()).isEqualTo("22018"))
                            .hasMessageContaining("read it as String"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "INTERVAL"})
    void aNumberIsNoDateOrTime(String type) {
        // DecentDB takes it for microseconds, or for days.
        assumeTrue(database.bundled());
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (v " + type + ")"));

        for (String sql : List.of("INSERT INTO t VALUES ($1)", "UPDATE t SET v = $1", "SELECT v FROM t WHERE v > $1")) {
            Flux.from(connection
                            .createStatement(sql)
                            .bind(0, 1_719_835_200_000L)
                            .execute())
                    .flatMap(result -> result.getRowsUpdated())
                    .as(StepVerifier::create)
                    .verifyErrorSatisfies(error -> assertThat(error)
                            .isInstanceOfSatisfying(
                                    R2dbcBadGrammarException.class,
                                    e -> assertThat(e.getSqlState()).isEqualTo("42804"))
                            .hasMessageContaining(type)
                            .hasMessageContaining("bind a value of that type"));
        }
    }

    @Test
    void gathersLargeObjectsBeforeTheStatementRuns() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (b BLOB, c TEXT)"));
        Blob blob = Blob.from(Flux.range(0, 100).map(i -> ByteBuffer.wrap(new byte[] {i.byteValue()})));
        Clob clob = Clob.from(Flux.range(0, 100).map(String::valueOf));
        await(connection.execute("INSERT INTO t VALUES ($1, $2)", blob, clob));

        assertThat(value(connection, "b", byte[].class)).hasSize(100).startsWith(0, 1, 2);
        assertThat(Flux.from(value(connection, "c", Clob.class).stream())
                        .reduce("", (a, b) -> a + b)
                        .block(TestDatabase.PATIENCE))
                .startsWith("0123")
                .hasSize(190);
    }

    @Test
    void describesColumns() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, d DATE)"));
        await(connection.execute("INSERT INTO t VALUES (1, $1)", LocalDate.EPOCH));

        RowMetadata metadata = awaitValue(Flux.from(connection
                        .createStatement("SELECT id AS \"Key\", d FROM t")
                        .execute())
                .flatMap(result -> result.map((row, columns) -> columns)));

        assertThat(metadata.getColumnMetadatas())
                .extracting(column -> column.getName())
                .containsExactly("Key", "d");
        assertThat(metadata.getColumnMetadata("KEY").getType()).isEqualTo(R2dbcType.BIGINT);
        assertThat(metadata.getColumnMetadata(0).getNullability()).isNotEqualTo(Nullability.NULLABLE);
        assertThat(metadata.getColumnMetadata(1).getJavaType()).isEqualTo(LocalDate.class);
        assertThat(metadata.getColumnMetadata(1).getNativeTypeMetadata()).isEqualTo(DecentDbType.DATE);
    }

    @Test
    void returnsGeneratedValues() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"));

        Mono<List<Long>> ids = Flux.from(connection
                        .createStatement("INSERT INTO t (name) VALUES ($1)")
                        .returnGeneratedValues("id")
                        .bind(0, "a")
                        .add()
                        .bind(0, "b")
                        .execute())
                .concatMap(result -> result.map((row, metadata) -> row.get("id", Long.class)))
                .collectList();

        assertThat(awaitValue(ids)).doesNotContainNull().doesNotHaveDuplicates().hasSize(2);
    }

    @Test
    void declaredSizesAreNotEnforced() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (s VARCHAR(3), c CHAR(1), i SMALLINT, d DECIMAL(4,2))"));
        await(connection.execute(
                "INSERT INTO t VALUES ($1, $2, $3, $4)", "longer", "two", 70_000, new BigDecimal("12345.678")));

        assertThat(awaitAll(connection.fetchAll("SELECT * FROM t")))
                .containsExactly(List.of("longer", "two", 70_000L, new BigDecimal("12345.678")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Pacific/Kiritimati", "Etc/GMT+12"}) // at any time one of them has another date than UTC
    void theClockOfTheEngineIsThatOfUtc(String zone) {
        DecentDbConnection connection = database.connect();
        TimeZone before = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone(zone));
        try {
            LocalDate first = LocalDate.now(ZoneOffset.UTC);
            LocalDate today = LocalDate.parse(
                    awaitValue(connection.fetchValue("SELECT CAST(current_date AS TEXT)", String.class)));
            LocalDateTime now = awaitValue(connection.fetchValue("SELECT now()", LocalDateTime.class));

            assertThat(List.of(today, now.toLocalDate()))
                    .allSatisfy(date -> assertThat(date).isBetween(first, LocalDate.now(ZoneOffset.UTC)));
        } finally {
            TimeZone.setDefault(before);
        }
    }

    private static <T> T value(DecentDbConnection connection, String column, Class<T> type) {
        return awaitValue(connection.fetchValue("SELECT " + column + " FROM t", type));
    }
}
