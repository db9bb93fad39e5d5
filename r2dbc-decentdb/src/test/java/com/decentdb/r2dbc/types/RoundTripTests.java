package com.decentdb.r2dbc.types;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.Cidr;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.api.MacAddress;
import com.decentdb.r2dbc.api.WatchEvent;
import io.r2dbc.spi.Statement;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/**
 * Many values of each type, the same ones in every run, through parameters into a column and back: edges first, then
 * random ones of every magnitude. {@code -Ddecentdb.test.roundTrips=100000} takes that many.
 */
class RoundTripTests {

    private static final int COUNT = Integer.getInteger("decentdb.test.roundTrips", 500);

    private static final LocalDate FIRST = LocalDate.of(-4712, 1, 1);
    private static final LocalDate LAST = LocalDate.of(294_247, 1, 9);

    /** Values of one SQL type. */
    @SuppressWarnings("ImmutableEnumChecker") // nobody changes them
    enum Values {
        LONGS(
                "INTEGER",
                List.of(Long.MIN_VALUE, -1L, 0L, 1L, Long.MAX_VALUE),
                random -> random.nextLong() >> random.nextInt(64)),
        DOUBLES(
                "FLOAT64",
                List.of(0.0, -1.5, Double.MIN_VALUE, Double.MAX_VALUE, -Double.MAX_VALUE, Double.NEGATIVE_INFINITY),
                random -> {
                    double value = Double.longBitsToDouble(random.nextLong());
                    return Double.isNaN(value) ? 0.5 : value;
                }),
        DECIMALS(
                "DECIMAL",
                List.of(
                        new BigDecimal("0"),
                        new BigDecimal("999999999999999999"),
                        new BigDecimal("-0.999999999999999999"),
                        new BigDecimal("0.000000000000000001")),
                random -> BigDecimal.valueOf(
                        (random.nextLong(1_000_000_000_000_000_000L) * (random.nextBoolean() ? 1 : -1))
                                >> random.nextInt(60),
                        random.nextInt(19))),
        TEXTS("TEXT", List.of("", "'", "\uFEFF", "\uFFFF", "\uD83D\uDE00"), RoundTripTests::text),
        BLOBS("BLOB", List.of(bytes(0), bytes(1)), random -> {
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            return ByteBuffer.wrap(bytes);
        }),
        UUIDS(
                "UUID",
                List.of(new UUID(0, 0), new UUID(-1, -1)),
                random -> new UUID(random.nextLong(), random.nextLong())),
        DATES(
                "DATE",
                List.of(FIRST, LAST, LocalDate.of(0, 2, 29), LocalDate.EPOCH),
                random -> LocalDate.ofEpochDay(random.nextLong(FIRST.toEpochDay(), LAST.toEpochDay() + 1))),
        TIMES(
                "TIME",
                List.of(LocalTime.MIDNIGHT, LocalTime.MAX.truncatedTo(ChronoUnit.MICROS)),
                random -> LocalTime.ofNanoOfDay(random.nextLong(86_400_000_000L) * 1000)),
        TIMESTAMPS(
                "TIMESTAMP",
                List.of(FIRST.atStartOfDay(), LAST.atTime(LocalTime.MAX).truncatedTo(ChronoUnit.MICROS)),
                RoundTripTests::dateTime),
        INSTANTS(
                "TIMESTAMPTZ",
                List.of(Instant.EPOCH.atOffset(ZoneOffset.UTC)),
                random -> dateTime(random).atOffset(ZoneOffset.UTC)),
        INTERVALS(
                "INTERVAL",
                List.of(
                        Interval.ZERO,
                        new Interval(Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE),
                        new Interval(Integer.MIN_VALUE, Integer.MIN_VALUE, Long.MIN_VALUE)),
                random -> new Interval(
                        random.nextInt() >> random.nextInt(32),
                        random.nextInt() >> random.nextInt(32),
                        random.nextLong() >> random.nextInt(64))),
        ADDRESSES(
                "INET",
                List.of(ip("00000000"), ip("ffffffff"), ip("00000000000000000000ffff01020304")),
                RoundTripTests::ip),
        NETWORKS(
                "CIDR",
                List.of(Cidr.of(ip("00000000"), 0), Cidr.of(ip("00000000000000000000ffff01020304"), 128)),
                random -> {
                    InetAddress address = ip(random);
                    return Cidr.of(address, random.nextInt(address.getAddress().length * 8 + 1));
                }),
        HARDWARE("MACADDR", List.of(MacAddress.of(new byte[6]), MacAddress.of(new byte[8])), random -> {
            byte[] bytes = new byte[random.nextBoolean() ? 6 : 8];
            random.nextBytes(bytes);
            return MacAddress.of(bytes);
        });

        private final String type;
        private final List<? extends Object> edges;
        private final Function<Random, ? extends Object> others;

        Values(String type, List<? extends Object> edges, Function<Random, ? extends Object> others) {
            this.type = type;
            this.edges = edges;
            this.others = others;
        }

        List<Object> all() {
            Random random = new Random(name().hashCode());
            return Stream.concat(edges.stream(), Stream.generate(() -> others.apply(random)))
                    .limit(COUNT)
                    .map(Object.class::cast)
                    .toList();
        }
    }

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @ParameterizedTest
    @EnumSource
    void survivesTheWayIntoAColumnAndBack(Values values) {
        DecentDbConnection connection = table(values.type);
        List<Object> all = values.all();
        insert(connection, all);

        assertThat(stored(connection)).isEqualTo(all);
    }

    @ParameterizedTest
    @EnumSource
    void survivesTheWayThroughTheWriteQueue(Values values) {
        DecentDbConnection connection = table(values.type);
        List<Object> some = values.all().subList(0, 50);
        await(connection.executeQueued(
                "INSERT INTO t VALUES ($1, $2)", Flux.range(0, 50).map(i -> new Object[] {i, some.get(i)})));

        assertThat(stored(connection)).isEqualTo(some);
    }

    @ParameterizedTest
    @EnumSource
    void isFoundByItself(Values values) {
        DecentDbConnection connection = table(values.type);
        List<Object> some = values.all().subList(0, 20);
        insert(connection, some);

        for (int i = 0; i < some.size(); i++) {
            assertThat(awaitAll(connection.fetchAll("SELECT id FROM t WHERE v = $1 ORDER BY id", some.get(i))))
                    .as("those that equal %s", some.get(i))
                    .contains(List.of((long) i));
        }
    }

    @ParameterizedTest
    @EnumSource
    void isFoundByAWatch(Values values) {
        DecentDbConnection connection = table(values.type);
        List<Object> some = values.all().subList(0, 10);
        insert(connection, some);

        for (int i = 0; i < some.size(); i++) {
            WatchEvent first = connection
                    .watchQuery("SELECT id FROM t WHERE v = $1 AND id = $2", some.get(i), i)
                    .blockFirst(TestDatabase.PATIENCE);
            assertThat(first)
                    .as("the initial rows of a watch for %s", some.get(i))
                    .isInstanceOfSatisfying(
                            WatchEvent.Initial.class,
                            initial -> assertThat(initial.snapshot()).hasSize(1));
        }
    }

    @Test
    void aBigIntegerIsAnIntegerOrADecimal() {
        DecentDbConnection connection = table("DECIMAL");
        List<BigInteger> all = Stream.of(Long.MIN_VALUE, -5L, 0L, Long.MAX_VALUE)
                .map(BigInteger::valueOf)
                .toList();
        insert(connection, all);

        assertThat(awaitAll(column(connection, BigInteger.class))).isEqualTo(all);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 65_537, 8 << 20})
    void largeBytesSurvive(int size) {
        DecentDbConnection connection = table("BLOB");
        insert(connection, List.of(bytes(size)));

        assertThat(stored(connection)).isEqualTo(List.of(bytes(size)));
    }

    @Test
    void everyPlaneOfUnicodeSurvives() {
        DecentDbConnection connection = table("TEXT");
        List<String> planes = IntStream.rangeClosed(0, 16)
                .mapToObj(plane -> IntStream.range(Math.max(1, plane << 16), (plane + 1) << 16)
                        .filter(point -> point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString())
                .toList();
        insert(connection, planes);

        assertThat(stored(connection).equals(planes)).isTrue();
    }

    @Test
    void nullsSurviveInEveryType() {
        DecentDbConnection connection = database.connect();
        StringBuilder columns = new StringBuilder();
        for (Values values : Values.values()) {
            columns.append(", ").append(values.name()).append(' ').append(values.type);
        }
        await(connection.execute("CREATE TABLE nulls (id INTEGER PRIMARY KEY" + columns + ")"));
        Statement statement = connection.createStatement("INSERT INTO nulls VALUES (1, "
                + String.join(
                        ", ",
                        IntStream.rangeClosed(1, Values.values().length)
                                .<String>mapToObj(i -> "$" + i)
                                .toList())
                + ")");
        IntStream.range(0, Values.values().length).forEach(i -> statement.bindNull(i, Object.class));
        await(Flux.from(statement.execute()).flatMap(result -> result.getRowsUpdated()));

        List<?> row = awaitAll(connection.fetchAll("SELECT * FROM nulls")).get(0);
        assertThat(row.subList(1, row.size())).hasSize(Values.values().length).containsOnlyNulls();
    }

    private DecentDbConnection table(String type) {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v " + type + ")"));
        return connection;
    }

    private static void insert(DecentDbConnection connection, List<?> values) {
        Statement statement = connection.createStatement("INSERT INTO t VALUES ($1, $2)");
        for (int i = 0; i < values.size(); i++) {
            if (i > 0) {
                statement.add();
            }
            statement.bind(0, i).bind(1, values.get(i));
        }
        await(Flux.from(statement.execute()).concatMap(result -> result.getRowsUpdated()));
    }

    private static List<Object> stored(DecentDbConnection connection) {
        return awaitAll(column(connection, Object.class));
    }

    private static <T> Flux<T> column(DecentDbConnection connection, Class<T> type) {
        return Flux.from(connection
                        .createStatement("SELECT v FROM t ORDER BY id")
                        .execute())
                .concatMap(result -> result.map((row, metadata) -> row.get(0, type)));
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(40); length > 0; length--) {
            int point = Math.max(1, random.nextInt(Character.MAX_CODE_POINT + 1) >> random.nextInt(20));
            text.appendCodePoint(point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE ? 'x' : point);
        }
        return text.toString();
    }

    private static LocalDateTime dateTime(Random random) {
        return LocalDate.ofEpochDay(random.nextLong(FIRST.toEpochDay(), LAST.toEpochDay() + 1))
                .atTime(LocalTime.ofNanoOfDay(random.nextLong(86_400_000_000L) * 1000));
    }

    private static ByteBuffer bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    private static InetAddress ip(Random random) {
        byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
        random.nextBytes(bytes);
        return ip(HexFormat.of().formatHex(bytes));
    }

    private static InetAddress ip(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        try {
            return bytes.length == 16 ? Inet6Address.getByAddress(null, bytes, -1) : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(hex, e);
        }
    }
}
