package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.api.Cidr;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.api.MacAddress;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
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
import java.util.TimeZone;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.data.annotation.Id;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.relational.core.query.Criteria;
import org.springframework.data.relational.core.query.Query;

/** Every type an entity may have: written, read and compared. */
@ParameterizedClass
@EnumSource(value = Access.class, mode = EnumSource.Mode.EXCLUDE, names = "CLUSTER") // which has other types
class EntityTypeTests {

    private static final Instant INSTANT = Instant.parse("2026-11-21T10:15:30.123456Z");

    @RegisterExtension
    final SpringDatabase spring;

    EntityTypeTests(Access access) {
        spring = new SpringDatabase(access);
    }

    @Test
    void numbersAndTruth() {
        spring.run("CREATE TABLE numbers (id INTEGER PRIMARY KEY, small SMALLINT, whole INTEGER, large BIGINT,"
                + " huge DECIMAL(18,0), exact DECIMAL(18,4), simple REAL, twofold DOUBLE PRECISION, truth BOOLEAN)");
        Numbers numbers = new Numbers(
                null,
                (short) -7,
                Integer.MAX_VALUE,
                Long.MIN_VALUE,
                new BigInteger("123456789012345678"),
                new BigDecimal("12345678901234.5678"),
                1.5f,
                Math.PI,
                true);

        expectRoundTrip(numbers, Numbers.class);
        expectFound(Numbers.class, "exact", numbers.exact);
        expectFound(Numbers.class, "truth", true);
    }

    @Test
    void textBytesAndIdentifiers() throws UnknownHostException {
        spring.run("CREATE TABLE contents (id UUID PRIMARY KEY, text TEXT, letter CHAR(1), color TEXT, bytes BLOB,"
                + " buffer BLOB, address INET, network CIDR, mac MACADDR)");
        Contents contents = new Contents(
                UUID.randomUUID(),
                "naïve 漢字 🙂",
                'x',
                Color.GREEN,
                new byte[] {1, 2, -3},
                ByteBuffer.wrap(new byte[] {4, 5}),
                InetAddress.getByName("2001:db8::1"),
                new Cidr(InetAddress.getByName("10.0.0.0"), 8),
                MacAddress.parse("08:00:2b:01:02:03"));

        template().insert(contents).block();

        Contents read = awaitValue(template().select(Contents.class).one());
        assertThat(read).usingRecursiveComparison().isEqualTo(contents);
        expectFound(Contents.class, "id", contents.id);
        expectFound(Contents.class, "color", Color.GREEN);
        expectFound(Contents.class, "address", contents.address);
    }

    @Test
    void datesTimesAndIntervals() {
        spring.run(
                "CREATE TABLE times (id INTEGER PRIMARY KEY, day DATE, hour TIME, wall TIMESTAMP, moment TIMESTAMPTZ,"
                        + " shifted TIMESTAMPTZ, zoned TIMESTAMPTZ, span INTERVAL, elapsed INTERVAL, distance INTERVAL)");
        Times times = new Times(
                null,
                LocalDate.of(2026, 11, 21),
                LocalTime.of(10, 15, 30, 123_456_000),
                LocalDateTime.of(2026, 2, 28, 23, 59, 59, 999_999_000),
                INSTANT,
                INSTANT.atOffset(ZoneOffset.UTC),
                INSTANT.atZone(ZoneOffset.UTC),
                new Interval(14, 3, 4_000_005L),
                Duration.ofHours(30).plusMillis(5),
                Period.of(1, 2, 3));

        expectRoundTrip(times, Times.class);
        expectFound(Times.class, "moment", INSTANT);
        expectFound(Times.class, "elapsed", Duration.ofHours(30).plusMillis(5));
    }

    @Test
    void nothing() {
        spring.run(
                "CREATE TABLE times (id INTEGER PRIMARY KEY, day DATE, hour TIME, wall TIMESTAMP, moment TIMESTAMPTZ,"
                        + " shifted TIMESTAMPTZ, zoned TIMESTAMPTZ, span INTERVAL, elapsed INTERVAL, distance INTERVAL)");

        // DecentDB does not know DEFAULT VALUES, which Spring writes if not even the key has a value.
        Long id = spring.bundled() ? null : 1L;
        expectRoundTrip(new Times(id, null, null, null, null, null, null, null, null, null), Times.class);
    }

    @Test
    void anInstantInATimestampStaysWhereItIsInEveryZone() {
        TimeZone zone = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
        try {
            spring.run("CREATE TABLE event (id INTEGER PRIMARY KEY, at TIMESTAMP)");
            Event event = awaitValue(template().insert(new Event(null, INSTANT)));

            for (int save = 0; save < 3; save++) {
                Event read = awaitValue(template().select(Event.class).one());
                assertThat(read).isEqualTo(event);
                awaitValue(template().update(read));
            }
            if (spring.bundled()) { // DecentDB does not compare a TIMESTAMP with a TIMESTAMPTZ.
                expectFound(Event.class, "at", INSTANT);
            }
        } finally {
            TimeZone.setDefault(zone);
        }
    }

    @Test
    void aKeyOfAUuidInATextColumnFindsItsEntity() {
        // DecentDB stores no UUID as TEXT.
        assumeTrue(spring.bundled());
        spring.run("CREATE TABLE ticket (id VARCHAR(36) PRIMARY KEY, seat TEXT)");
        Ticket ticket = new Ticket(UUID.randomUUID(), "1A");
        awaitValue(template().insert(ticket));

        awaitValue(template().update(new Ticket(ticket.id, "2B")));

        assertThat(awaitValue(
                        template().selectOne(Query.query(Criteria.where("id").is(ticket.id)), Ticket.class)))
                .isEqualTo(new Ticket(ticket.id, "2B"));
    }

    private <T> void expectRoundTrip(T entity, Class<T> type) {
        T written = awaitValue(template().insert(entity));
        T read = awaitValue(template().select(type).one());

        assertThat(read).isEqualTo(written);
        assertThat(read).usingRecursiveComparison().ignoringFields("id").isEqualTo(entity);
    }

    private void expectFound(Class<?> type, String property, Object value) {
        assertThat(awaitValue(
                        template().count(Query.query(Criteria.where(property).is(value)), type)))
                .isEqualTo(1);
    }

    private R2dbcEntityTemplate template() {
        return spring.bean(R2dbcEntityTemplate.class);
    }

    record Event(@Id @Nullable Long id, Instant at) {}

    record Ticket(@Id UUID id, String seat) {}

    enum Color {
        RED,
        GREEN
    }

    record Numbers(
            @Id @Nullable Long id,
            short small,
            int whole,
            Long large,
            BigInteger huge,
            BigDecimal exact,
            float simple,
            double twofold,
            boolean truth) {}

    @SuppressWarnings("ArrayRecordComponent") // what applications write
    record Contents(
            @Id UUID id,
            String text,
            char letter,
            Color color,
            byte[] bytes,
            ByteBuffer buffer,
            InetAddress address,
            Cidr network,
            MacAddress mac) {}

    record Times(
            @Id @Nullable Long id,
            @Nullable LocalDate day,
            @Nullable LocalTime hour,
            @Nullable LocalDateTime wall,
            @Nullable Instant moment,
            @Nullable OffsetDateTime shifted,
            @Nullable ZonedDateTime zoned,
            @Nullable Interval span,
            @Nullable Duration elapsed,
            @Nullable Period distance) {}
}
