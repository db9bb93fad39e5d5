package com.decentdb.r2dbc.live;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.api.WatchEvent;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The JSON of the events of watches, as the engine writes it. */
class RawEventTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTables() {
        Items.create(database);
    }

    @Test
    void theRawEventsHoldTheRows() {
        DecentDbConnection writer = database.connect();
        boolean bundled = database.bundled();

        database.connect()
                .watchQuery("SELECT id, name, CAST('1.25' AS DECIMAL) AS price FROM item WHERE id <= $1 ORDER BY id", 2)
                .as(StepVerifier::create)
                .assertNext(event -> assertThat(json(event))
                        .containsEntry("type", "initial")
                        .containsEntry("columns", List.of("id", "name", "price"))
                        .containsEntry("rows", List.of(List.of(1, "one", "1.25"))))
                .then(() -> await(writer.execute("INSERT INTO item VALUES (2, 'two')")))
                .assertNext(event -> {
                    Map<String, Object> json = json(event);
                    assertThat(json).containsEntry("type", "invalidate").containsEntry("tables", List.of("item"));
                    List<?> changes = (List<?>) json.get("row_changes");
                    assertThat(changes)
                            .hasSameSizeAs(((WatchEvent.Invalidate) event).rowChanges())
                            .hasSizeLessThanOrEqualTo(1);
                    if (bundled) { // DecentDB leaves row images out.
                        assertThat(changes)
                                .first(InstanceOfAssertFactories.MAP)
                                .containsEntry("operation", "insert")
                                .containsEntry("after", Map.of("id", 2, "name", "two"));
                    }
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void theRowsOfARawEventAreWrittenAsTheEngineWritesThem() {
        DecentDbConnection connection = database.connect();
        await(connection.execute(
                "CREATE TABLE kinds (id INTEGER PRIMARY KEY, f REAL, b BOOLEAN, t TEXT, x BYTEA, d DECIMAL,"
                        + " u UUID, ts TIMESTAMP, tz TIMESTAMPTZ, day DATE, hour TIME, span INTERVAL, ip INET, net CIDR,"
                        + " mac MACADDR, e ENUM('low', 'high'))"));
        UUID key = new UUID(1, 2);
        Mono<Long> insert = connection.execute(
                "INSERT INTO kinds VALUES (1, 1.5, true, 'it''s \"ü\"', $1, $2, $3, $4, $5, $6, $7, $8, '10.0.0.1', '10.0.0.0/8',"
                        + " '08:00:2b:01:02:03', 'high')",
                new byte[] {0, 15},
                new BigDecimal("12.30"),
                key,
                LocalDateTime.of(1970, 1, 1, 0, 0, 1),
                Instant.parse("2024-07-01T12:00:00Z"),
                LocalDate.of(2024, 7, 1),
                LocalTime.of(1, 2, 3),
                new Interval(1, 2, 3));

        List<Object> events = new ArrayList<>();
        connection
                .changeStream("kinds")
                .as(StepVerifier::create)
                .expectNextMatches(change -> change instanceof Change.Initial)
                .then(() -> await(insert))
                .assertNext(change -> events.add(parse(change.json())))
                .thenCancel()
                .verify(PATIENCE);
        Map<String, Object> snapshot =
                json(awaitValue(connection.watchQuery("SELECT * FROM kinds").next()));

        List<Object> expected = Arrays.asList(
                1,
                1.5,
                true,
                "it's \"ü\"",
                "000f",
                "12.30",
                key.toString(),
                1_000_000,
                "2024-07-01T12:00:00.000000Z",
                "2024-07-01",
                "01:02:03.000000",
                "1 2 3",
                "10.0.0.1",
                "10.0.0.0/8",
                "08:00:2b:01:02:03",
                "high");
        assertThat(snapshot.get("rows")).isEqualTo(List.of(expected));
        if (database.bundled()) { // DecentDB leaves row images out.
            assertThat(events)
                    .first(InstanceOfAssertFactories.MAP)
                    .extractingByKey("row_changes", InstanceOfAssertFactories.LIST)
                    .first(InstanceOfAssertFactories.MAP)
                    .extractingByKey("after", InstanceOfAssertFactories.MAP)
                    .values()
                    .as("the notation of changed rows")
                    .containsExactlyElementsOf(expected);
        }
    }

    private static Map<String, Object> json(WatchEvent event) {
        return parse(event.json());
    }

    private static Map<String, Object> parse(String json) {
        try {
            return JSON.std.mapFrom(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
