package com.decentdb.r2dbc.live;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.Cidr;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.Interval;
import com.decentdb.r2dbc.api.MacAddress;
import com.decentdb.r2dbc.api.RowChange;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Row;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class ChangeStreamTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTables() {
        Items.create(database);
    }

    @Test
    void tellsEveryCommitOnceAndWhole() {
        DecentDbConnection writer = database.connect();
        boolean tellsRows = database.bundled(); // DecentDB leaves rows out, and before images always.

        database.connect()
                .changeStream("item")
                .as(StepVerifier::create)
                .expectNextMatches(change -> change instanceof Change.Initial)
                .then(() -> {
                    await(writer.execute("INSERT INTO other VALUES (1)"));
                    await(writer.inTransaction(tx -> tx.execute("INSERT INTO item VALUES (2, 'two')")
                            .then(tx.execute("UPDATE item SET name = 'uno' WHERE id = 1"))
                            .then(tx.execute("DELETE FROM item WHERE id = 2"))));
                })
                .assertNext(change -> {
                    Change.Commit commit = (Change.Commit) change;
                    assertThat(commit.tables()).containsExactly("item");
                    assertThat(commit.complete()).isEqualTo(tellsRows);
                    if (tellsRows) {
                        assertThat(commit.rows())
                                .extracting(RowChange::operation)
                                .containsExactly(
                                        RowChange.Operation.INSERT,
                                        RowChange.Operation.UPDATE,
                                        RowChange.Operation.DELETE);
                        RowChange update = commit.rows().get(1);
                        assertThat(requireNonNull(update.before()).get("name")).isEqualTo("one");
                        assertThat(requireNonNull(update.after()).get("NAME", String.class))
                                .isEqualTo("uno");
                        assertThat(update.key().get("id", Integer.class)).isEqualTo(1);
                    }
                })
                .then(() -> await(writer.executeQueued("DELETE FROM item")))
                .expectNextMatches(change -> change instanceof Change.Commit commit
                        && !commit.source().isEmpty())
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void valuesHaveTheTypesOfTheirColumns() throws UnknownHostException {
        assumeTrue(database.bundled(), "DecentDB leaves rows out");
        InetAddress address = InetAddress.getByName("10.0.0.1");
        InetAddress network = InetAddress.getByName("10.0.0.0");
        DecentDbConnection writer = database.connect();
        await(writer.execute("CREATE TABLE k (id INTEGER PRIMARY KEY, f FLOAT, b BOOLEAN, t TEXT, bl BLOB,"
                + " d DECIMAL(10,2), u UUID, ts TIMESTAMP, tz TIMESTAMPTZ, da DATE, ti TIME, iv INTERVAL,"
                + " e ENUM('x','y'), ip IPADDR, ci CIDR, ma MACADDR, nothing DATE)"));

        database.connect()
                .changeStream("k")
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(writer.execute("INSERT INTO k VALUES (1, 2.0, true, 'é', X'0061ff', 12.30,"
                        + " '00112233-4455-6677-8899-aabbccddeeff', '2024-01-02 03:04:05.678',"
                        + " '2024-01-02 03:04:05+02:00', '2024-02-29', '03:04:05.5',"
                        + " INTERVAL '1 month 2 days 3 hours', 'y', '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03',"
                        + " NULL)")))
                .assertNext(change -> {
                    Row row = requireNonNull(
                            ((Change.Commit) change).rows().get(0).after());
                    assertThat(row.get("id")).isEqualTo(1L);
                    assertThat(row.get("f")).isEqualTo(2.0);
                    assertThat(row.get("b")).isEqualTo(true);
                    assertThat(row.get("t")).isEqualTo("é");
                    assertThat(row.get("bl")).isEqualTo(ByteBuffer.wrap(new byte[] {0, 0x61, (byte) 0xff}));
                    assertThat(row.get("d", BigDecimal.class)).isEqualTo(new BigDecimal("12.30"));
                    assertThat(row.get("u")).isEqualTo(UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"));
                    assertThat(row.get("ts")).isEqualTo(LocalDateTime.parse("2024-01-02T03:04:05.678"));
                    assertThat(row.get("tz")).isEqualTo(OffsetDateTime.parse("2024-01-02T01:04:05Z"));
                    assertThat(row.get("da")).isEqualTo(LocalDate.parse("2024-02-29"));
                    assertThat(row.get("ti")).isEqualTo(LocalTime.parse("03:04:05.5"));
                    assertThat(row.get("iv")).isEqualTo(new Interval(1, 2, 10_800_000_000L));
                    assertThat(row.get("e")).isEqualTo("y");
                    assertThat(row.get("ip")).isEqualTo(address);
                    assertThat(row.get("ci")).isEqualTo(new Cidr(network, 8));
                    assertThat(row.get("ma")).isEqualTo(MacAddress.parse("08:00:2b:01:02:03"));
                    assertThat(row.get("nothing")).isNull();
                    assertThat(row.getMetadata().getColumnMetadatas()).hasSize(17);
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aChangedSchemaIsReportedAndItsRowsHaveTheNewColumns() {
        DecentDbConnection writer = database.connect();

        database.connect()
                .changeStream("item")
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(writer.execute("UPDATE item SET name = 'a'")))
                .expectNextCount(1)
                .then(() -> await(writer.execute("ALTER TABLE item ADD COLUMN day DATE")))
                .expectNextMatches(change -> change instanceof Change.Commit commit && commit.schemaChanged())
                .then(() -> await(writer.execute("UPDATE item SET day = '2024-02-29'")))
                .assertNext(change -> assertThat(requireNonNull(
                                        ((Change.Commit) change).rows().get(0).after())
                                .get("day"))
                        .isEqualTo(LocalDate.parse("2024-02-29")))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aSlowSubscriberHearsWhatItMissedAndThenGoesOn() {
        DecentDbConnection writer = database.connect();

        StepVerifier.create(database.connect().changeStream("other"), 1)
                .expectNextCount(1)
                .then(() -> await(insert(writer, 0, 1_500)))
                .thenRequest(Long.MAX_VALUE)
                .thenConsumeWhile(change -> change instanceof Change.Commit)
                .assertNext(change -> assertThat(((Change.Lagged) change).latestEventId())
                        .isGreaterThan(((Change.Lagged) change).lastSeenEventId()))
                .then(() -> await(insert(writer, 2_000, 1)))
                .expectNextMatches(change -> change instanceof Change.Commit)
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void withoutAGapOrWithAnError() {
        DecentDbConnection writer = database.connect();
        assumeTrue(database.bundled(), "DecentDB leaves rows out, so no stream of it is without a gap");

        lossless("other", writer.execute("INSERT INTO other SELECT value FROM generate_series(1, 5000)"))
                .as(StepVerifier::create)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTransientResourceException.class)
                        .hasMessageContaining("did not report all rows")
                        .hasMessageContaining("other"))
                .verify(PATIENCE);
        StepVerifier.create(lossless("item", writer.execute("UPDATE item SET name = 'two'")), 1)
                .expectNextCount(1)
                .then(() -> await(Flux.range(0, 1_500)
                        .concatMap(i -> writer.execute("UPDATE item SET name = $1", String.valueOf(i)))))
                .thenRequest(Long.MAX_VALUE)
                .thenConsumeWhile(commit -> true)
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("were dropped"))
                .verify(PATIENCE);
    }

    /** A stream that makes a commit as soon as it is in place. */
    private Flux<Change.Commit> lossless(String table, Mono<Long> write) {
        return database.connect()
                .changeStream(table)
                .doOnNext(change -> {
                    if (change instanceof Change.Initial) {
                        write.subscribe();
                    }
                })
                .as(Change::lossless);
    }

    @Test
    void cannotBeginBehindAnEarlierEvent() {
        StepVerifier.create(database.factory().changeStreamAfter(1, "item"))
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                R2dbcException.class,
                                e -> assertThat(e.getSqlState()).isEqualTo("0A000"))
                        .hasMessageContaining("keeps no changes"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> database.factory().changeStreamAfter(-1, "item"))
                .withMessageContaining("-1");
    }

    @Test
    void ofAllTables() {
        DecentDbConnection writer = database.connect();

        database.factory()
                .changeStream()
                .as(StepVerifier::create)
                .expectNextCount(1)
                .then(() -> await(writer.execute("INSERT INTO other VALUES (1)")))
                .expectNextMatches(change -> ((Change.Commit) change).tables().equals(List.of("other")))
                .then(() -> await(writer.execute("DELETE FROM item")))
                .expectNextMatches(change -> ((Change.Commit) change).tables().equals(List.of("item")))
                .thenCancel()
                .verify(PATIENCE);
    }

    private static Flux<Long> insert(DecentDbConnection writer, int from, int count) {
        return Flux.range(from, count).concatMap(id -> writer.execute("INSERT INTO other VALUES ($1)", id));
    }
}
