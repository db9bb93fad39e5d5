package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.api.MacAddress;
import io.r2dbc.spi.Blob;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
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

/** Which class reads what, what is refused, and in what words. */
class BoundsTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    static Stream<Arguments> readable() throws Exception {
        UUID uuid = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");
        return Stream.of(
                Arguments.of(7L, int.class, 7),
                Arguments.of(7L, long.class, 7L),
                Arguments.of(-128L, byte.class, Byte.MIN_VALUE),
                Arguments.of(7L, short.class, (short) 7),
                Arguments.of(7L, Double.class, 7.0),
                Arguments.of(1L << 60, double.class, 0x1p60),
                Arguments.of(Long.MIN_VALUE, Double.class, -0x1p63),
                Arguments.of(1L << 40, float.class, 0x1p40f),
                Arguments.of(1L, Boolean.class, true),
                Arguments.of(Long.MAX_VALUE, BigInteger.class, BigInteger.valueOf(Long.MAX_VALUE)),
                Arguments.of(7L, Comparable.class, 7L),
                Arguments.of(true, boolean.class, true),
                Arguments.of(true, Integer.class, 1),
                Arguments.of(0.1, Float.class, 0.1f),
                Arguments.of(1e15, Long.class, 1_000_000_000_000_000L),
                Arguments.of(0.1, BigDecimal.class, new BigDecimal("0.1")),
                Arguments.of(new BigDecimal("7.00"), Integer.class, 7),
                Arguments.of(new BigDecimal("0.5"), Double.class, 0.5),
                Arguments.of("x", char.class, 'x'),
                Arguments.of(uuid.toString(), UUID.class, uuid),
                Arguments.of(uuid, String.class, uuid.toString()),
                Arguments.of(LocalDate.EPOCH, LocalDateTime.class, LocalDate.EPOCH.atStartOfDay()),
                Arguments.of(LocalDate.EPOCH.atStartOfDay(), LocalDate.class, LocalDate.EPOCH),
                Arguments.of(Instant.EPOCH, ZonedDateTime.class, Instant.EPOCH.atZone(ZoneOffset.UTC)),
                Arguments.of(Period.of(1, 2, 3), Period.class, Period.of(1, 2, 3)),
                Arguments.of(Duration.ofMillis(-1), Duration.class, Duration.ofMillis(-1)),
                Arguments.of(Interval.parse("P1DT1S"), String.class, "1 day 00:00:01"),
                Arguments.of(InetAddress.getByName("10.0.0.1"), Inet4Address.class, InetAddress.getByName("10.0.0.1")),
                Arguments.of(InetAddress.getByName("10.0.0.1"), String.class, "10.0.0.1"),
                Arguments.of(MacAddress.parse("08:00:2b:01:02:03"), String.class, "08:00:2b:01:02:03"));
    }

    @ParameterizedTest
    @MethodSource
    void readable(Object bound, Class<?> type, Object read) {
        assertThat((Object) awaitValue(database.connect().fetchValue("SELECT $1", type, bound)))
                .isEqualTo(read);
    }

    static Stream<Arguments> unreadable() {
        return Stream.of(
                Arguments.of(32_768L, Short.class, "22003", "-32768 to 32767"),
                Arguments.of(1L << 31, int.class, "22003", "2147483648"),
                Arguments.of((1L << 53) + 1, Double.class, "22003", "9007199254740993"),
                Arguments.of(Long.MAX_VALUE, Double.class, "22003", "read it as Long"),
                Arguments.of((1L << 24) + 1, Float.class, "22003", "16777217"),
                Arguments.of(2L, Boolean.class, "22003", "neither 0 nor 1"),
                Arguments.of(1e300, Float.class, "22003", "largest Float"),
                Arguments.of(1e300, Long.class, "22003", "1.0E+300"),
                Arguments.of(0.5, Long.class, "22003", "fraction"),
                Arguments.of(Double.POSITIVE_INFINITY, BigDecimal.class, "22003", "Infinity"),
                Arguments.of(Double.POSITIVE_INFINITY, Long.class, "22003", "Infinity"),
                Arguments.of(new BigDecimal("1.5"), BigInteger.class, "22003", "fraction"),
                Arguments.of("xy", char.class, "22018", "2 UTF-16"),
                Arguments.of("1-1-1-1-1", UUID.class, "22018", "1-1-1-1-1"),
                Arguments.of(LocalDateTime.of(2020, 1, 1, 1, 1), LocalDate.class, "22008", "time of day"),
                Arguments.of(Interval.parse("P1DT1S"), Duration.class, "22008", "P1DT1S"));
    }

    @ParameterizedTest
    @MethodSource
    void unreadable(Object bound, Class<?> type, String sqlState, String reason) {
        database.connect()
                .fetchValue("SELECT $1 AS c", type, bound)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                R2dbcDataIntegrityViolationException.class,
                                e -> assertThat(e.getSqlState()).isEqualTo(sqlState))
                        .hasMessageContaining("'c'")
                        .hasMessageContaining(type.getSimpleName())
                        .hasMessageContaining(reason));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT '\uD83D'", "SELECT '\uDE00\uD83D'", "SELECT 1\uD83D; SELECT 2"})
    void aTextOfSqlWithHalfACharacterIsRefused(String sql) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> database.connect().createStatement(sql))
                .withMessageContaining("unpaired surrogate, at index 8");
    }

    static Stream<Arguments> unbindable() throws Exception {
        LocalDate tooLate = LocalDate.of(294_247, 1, 10);
        LocalDate tooEarly = LocalDate.of(-4713, 12, 31);
        return Stream.of(
                Arguments.of(new BigDecimal("1234567890123456789.5"), "18 digits"),
                Arguments.of(new BigDecimal("0.1234567890123456789"), "18 digits"),
                Arguments.of(new BigDecimal("1E+1000000000"), "18 digits"),
                Arguments.of(new BigDecimal("1E-1000000000"), "18 digits"),
                Arguments.of(BigInteger.TWO.pow(63), "64 bits"),
                Arguments.of("half \uD83D", "surrogate, at index 5"),
                Arguments.of("half \uDE00 of it", "surrogate, at index 5"),
                Arguments.of(tooLate, "+294247-01-10"),
                Arguments.of(tooEarly, "-4712-01-01"),
                Arguments.of(LocalDate.MAX, "-4712-01-01"),
                Arguments.of(tooLate.atStartOfDay(), "+294247-01-10T00:00"),
                Arguments.of(LocalDateTime.MIN, "-4712-01-01"),
                Arguments.of(Instant.MAX, "294247"),
                Arguments.of(OffsetDateTime.MIN, "-4712-01-01"),
                Arguments.of(Duration.ofSeconds(Long.MAX_VALUE), "overflow"),
                Arguments.of(Period.ofYears(Integer.MAX_VALUE), "overflow"),
                Arguments.of(
                        Inet6Address.getByAddress(
                                null, InetAddress.getByName("fe80::1").getAddress(), 3),
                        "names an interface"),
                Arguments.of(new Object(), "CodecExtension"));
    }

    @ParameterizedTest
    @MethodSource
    void unbindable(Object value, String reason) {
        var statement = database.connect().createStatement("SELECT $1");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> statement.bind(0, value))
                .withMessageContaining("cannot be bound")
                .withMessageContaining(reason);
    }

    @Test
    void zerosAtTheEndOfADecimalAreNoReasonToRefuseIt() {
        DecentDbConnection connection = database.connect();

        for (String text :
                new String[] {"1.50000000000000000000", "1E+3", "100.000000000000000000", "0E-30", "0E+30"}) {
            BigDecimal value = new BigDecimal(text);
            assertThat(awaitValue(connection.fetchValue("SELECT $1", BigDecimal.class, value)))
                    .isEqualByComparingTo(value);
        }
    }

    @Test
    void whatIsFinerThanAMicrosecondIsCutOffAlikeEverywhere() {
        DecentDbConnection connection = database.connect();
        LocalDateTime before = LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_999);
        LocalDateTime cut = LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000);
        Instant instant = before.toInstant(ZoneOffset.UTC);

        assertThat(awaitValue(connection.fetchValue("SELECT $1", LocalDateTime.class, before)))
                .isEqualTo(cut);
        assertThat(awaitValue(connection.fetchValue("SELECT $1", LocalTime.class, before.toLocalTime())))
                .isEqualTo(cut.toLocalTime());
        assertThat(awaitValue(connection.fetchValue("SELECT $1", Instant.class, instant)))
                .isEqualTo(cut.toInstant(ZoneOffset.UTC));
        assertThat(awaitValue(connection.fetchValue("SELECT $1", Duration.class, Duration.ofNanos(1_999))))
                .isEqualTo(Duration.ofNanos(1_000));
    }

    @Test
    void largeObjectsGoThroughTheWriteQueueToo() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (b BLOB)"));
        Blob blob = Blob.from(Flux.just(ByteBuffer.wrap(new byte[] {1}), ByteBuffer.wrap(new byte[] {2})));

        await(connection.executeQueued("INSERT INTO t VALUES ($1)", blob));
        await(connection.executeQueued("INSERT INTO t VALUES ($1)", Mono.<Object[]>just(new Object[] {
            Blob.from(Mono.just(ByteBuffer.wrap(new byte[] {3})))
        })));

        assertThat(TestDatabase.awaitAll(connection.fetchAll("SELECT b FROM t")))
                .extracting(row -> row.get(0))
                .containsExactly(ByteBuffer.wrap(new byte[] {1, 2}), ByteBuffer.wrap(new byte[] {3}));
    }
}
