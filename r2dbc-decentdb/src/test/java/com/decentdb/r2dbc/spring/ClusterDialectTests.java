package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import io.r2dbc.spi.ConnectionFactory;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Period;
import java.util.List;
import java.util.TimeZone;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.annotation.Id;
import org.springframework.data.domain.Sort;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.r2dbc.dialect.DialectResolver;
import org.springframework.data.relational.core.query.Criteria;
import org.springframework.data.relational.core.query.Query;
import org.springframework.r2dbc.core.binding.BindMarkersFactoryResolver;

/** Spring Data over a cluster: what is not the same as over the engine in this process. */
class ClusterDialectTests {

    @RegisterExtension
    final SpringDatabase spring = new SpringDatabase(Access.CLUSTER);

    private final TimeZone zone = TimeZone.getDefault();

    @AfterEach
    void restoreZone() {
        TimeZone.setDefault(zone);
    }

    @Test
    void springFindsTheDialectByTheNameOfTheDatabase() {
        ConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:dqlite://127.0.0.1:9001/app");

        for (ConnectionFactory each : List.of(factory, spring.factory())) {
            assertThat(DialectResolver.getDialect(each)).isSameAs(ClusterDialect.INSTANCE);
            assertThat(BindMarkersFactoryResolver.resolve(each).create().next().getPlaceholder())
                    .isEqualTo("$1");
        }
    }

    @Test
    void pagesBeginAnywhereWithAndWithoutALimit() {
        spring.run("CREATE TABLE flag (id INTEGER PRIMARY KEY, up BOOLEAN NOT NULL)");
        R2dbcEntityTemplate template = spring.bean(R2dbcEntityTemplate.class);
        for (int i = 0; i < 5; i++) {
            awaitValue(template.insert(new Flag(null, i % 2 == 0)));
        }
        Query byId = Query.empty().sort(Sort.by("id"));

        assertThat(ids(template, byId.limit(2))).containsExactly(1L, 2L);
        assertThat(ids(template, byId.offset(3))).containsExactly(4L, 5L);
        assertThat(ids(template, byId.offset(1).limit(2))).containsExactly(2L, 3L);
        assertThat(ids(template, Query.query(Criteria.where("up").isTrue()).sort(Sort.by("id"))))
                .containsExactly(1L, 3L, 5L);
        assertThat(awaitValue(template.exists(Query.query(Criteria.where("up").isFalse()), Flag.class)))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTC", "America/New_York", "Asia/Kolkata"})
    void valuesAreReadAsTheyWereWrittenInEveryZone(String zoneId) {
        TimeZone.setDefault(TimeZone.getTimeZone(zoneId));
        spring.run(
                "CREATE TABLE thing (id INTEGER PRIMARY KEY, whole INTEGER, fraction REAL, money TEXT, yes BOOLEAN, name TEXT,"
                        + " code TEXT, color TEXT, bytes BLOB, day DATE, hour TEXT, wall TIMESTAMP, moment TIMESTAMP, span TEXT, age TEXT)");
        Thing thing = new Thing(
                null,
                Long.MIN_VALUE,
                0.1,
                new BigDecimal("1234567890123456.78"),
                true,
                "naïve 漢字 🙂",
                UUID.randomUUID(),
                Color.GREEN,
                new byte[] {0, -1},
                LocalDate.of(2026, 11, 29),
                LocalTime.of(9, 30, 0, 123_000_000),
                LocalDateTime.of(2026, 3, 8, 2, 30, 0, 1_000),
                Instant.parse("2026-03-08T07:30:00.123456Z"),
                Duration.ofHours(30).plusMillis(5),
                Period.of(1, 2, 3));
        R2dbcEntityTemplate template = spring.bean(R2dbcEntityTemplate.class);

        Thing written = awaitValue(template.insert(thing));

        Thing read = awaitValue(template.select(Thing.class).one());
        assertThat(read).usingRecursiveComparison().isEqualTo(written);
        assertThat(awaitValue(
                        template.count(Query.query(Criteria.where("moment").is(thing.moment())), Thing.class)))
                .isEqualTo(1);
        assertThat(awaitValue(template.update(read))).usingRecursiveComparison().isEqualTo(written);
    }

    private static List<Long> ids(R2dbcEntityTemplate template, Query query) {
        return awaitAll(template.select(query, Flag.class).mapNotNull(Flag::id));
    }

    enum Color {
        RED,
        GREEN
    }

    record Flag(@Id @Nullable Long id, boolean up) {}

    @SuppressWarnings("ArrayRecordComponent")
    record Thing(
            @Id @Nullable Long id,
            long whole,
            double fraction,
            BigDecimal money,
            boolean yes,
            String name,
            UUID code,
            Color color,
            byte[] bytes,
            LocalDate day,
            LocalTime hour,
            LocalDateTime wall,
            Instant moment,
            Duration span,
            Period age) {}
}
