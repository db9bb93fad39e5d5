package com.decentdb.r2dbc.cluster.changelog;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.ChangeStreamOption;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.NodeClient;
import io.r2dbc.spi.Row;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The changes of tables as triggers write them down and change streams report them. */
class ChangeLogTests extends LoggedTables {

    @Test
    void everyRowOfACommitIsReportedWithItsImages() {
        await(admin.enableChangeLog("item"));

        StepVerifier.create(factory.changeStream("item"))
                .assertNext(change -> assertThat(change).isInstanceOf(Change.Initial.class))
                .then(() -> await(
                        connection.inTransaction(tx -> tx.execute("INSERT INTO item VALUES (1, 'one'), (2, 'two')")
                                .then(tx.execute("UPDATE item SET name = 'uno' WHERE id = 1"))
                                .then(tx.execute("DELETE FROM item WHERE id = 2"))
                                .then(tx.execute("INSERT INTO other VALUES (1)")))))
                .assertNext(change -> {
                    Change.Commit commit = (Change.Commit) change;
                    assertThat(commit.tables()).containsExactly("item");
                    assertThat(commit.source()).isEqualTo("change log");
                    assertThat(commit.complete()).isTrue();
                    assertThat(texts(commit))
                            .containsExactly(
                                    "INSERT item {id=1} - {id=1, name=one}",
                                    "INSERT item {id=2} - {id=2, name=two}",
                                    "UPDATE item {id=1} {id=1, name=one} {id=1, name=uno}",
                                    "DELETE item {id=2} {id=2, name=two} -");
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void writesOfOtherClientsAreReported() throws IOException {
        await(admin.enableChangeLog("item"));
        DecentDbConnectionFactory others = DecentDb.factory(CLUSTER.url());
        DecentDbConnection other = awaitValue(others.create());

        try (NodeClient stranger = CLUSTER.client()) {
            StepVerifier.create(connection
                            .changeStream(ChangeStreamOption.UNMASKED, "ITEM")
                            .flatMapIterable(change ->
                                    change instanceof Change.Commit commit ? texts(commit) : List.of("in place")))
                    .expectNext("in place")
                    .then(() -> await(other.execute("INSERT INTO item VALUES (1, 'driver')")))
                    .expectNext("INSERT item {id=1} - {id=1, name=driver}")
                    .then(() -> execute(stranger, "INSERT INTO item VALUES (2, 'none')"))
                    .expectNext("INSERT item {id=2} - {id=2, name=none}")
                    .thenCancel()
                    .verify(PATIENCE);
        }
        await(other.close());
        await(others.close());
    }

    @Test
    void rowsThatAreReplacedAreReportedAsDeleted() {
        await(connection.execute("INSERT INTO item VALUES (1, 'one'), (2, 'two'), (3, 'three')"));

        assertThat(changes(
                        "item",
                        "INSERT OR REPLACE INTO item VALUES (1, 'two')",
                        "INSERT OR IGNORE INTO item VALUES (1, 'x')",
                        "INSERT INTO item VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'upserted'",
                        "UPDATE OR REPLACE item SET name = 'three' WHERE id = 1",
                        "UPDATE item SET id = 9"))
                .containsExactly(
                        "DELETE item {id=1} {id=1, name=one} -",
                        "DELETE item {id=2} {id=2, name=two} -",
                        "INSERT item {id=1} - {id=1, name=two}",
                        "UPDATE item {id=1} {id=1, name=two} {id=1, name=upserted}",
                        "DELETE item {id=3} {id=3, name=three} -",
                        "UPDATE item {id=1} {id=1, name=upserted} {id=1, name=three}",
                        "UPDATE item {id=9} {id=1, name=three} {id=9, name=three}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a TEXT, b INTEGER, PRIMARY KEY (b, a)", "a TEXT, b INTEGER", "a TEXT, b INTEGER, rowid INTEGER"
            })
    void tablesWithKeysOfAnyKindAreRecorded(String columns) {
        await(connection.execute("CREATE TABLE kind (" + columns + ")"));
        boolean keyed = columns.contains("KEY");

        assertThat(changes(
                        "kind",
                        "INSERT INTO kind (a, b) VALUES ('x', 1)",
                        "REPLACE INTO kind (a, b) VALUES ('x', 1)",
                        "DELETE FROM kind"))
                .map(text -> text.replaceAll(", rowid=null", ""))
                .containsExactlyElementsOf(
                        keyed
                                ? List.of(
                                        "INSERT kind {b=1, a=x} - {a=x, b=1}",
                                        "DELETE kind {b=1, a=x} {a=x, b=1} -",
                                        "INSERT kind {b=1, a=x} - {a=x, b=1}",
                                        "DELETE kind {b=1, a=x} {a=x, b=1} -")
                                : List.of(
                                        "INSERT kind {} - {a=x, b=1}",
                                        "INSERT kind {} - {a=x, b=1}",
                                        "DELETE kind {} {a=x, b=1} -",
                                        "DELETE kind {} {a=x, b=1} -"));
    }

    @Test
    void tablesWithoutRowIdsAndChangesByForeignKeysAreRecorded() {
        await(connection.execute(
                "CREATE TABLE child (id TEXT PRIMARY KEY, item REFERENCES item (id) ON DELETE CASCADE) WITHOUT ROWID"));
        await(connection.execute("INSERT INTO item VALUES (1, 'one')"));

        assertThat(changes(
                        "child",
                        "INSERT INTO child VALUES ('c', 1)",
                        "REPLACE INTO child VALUES ('c', 1)",
                        "DELETE FROM item"))
                .containsExactly(
                        "INSERT child {id=c} - {id=c, item=1}",
                        "DELETE child {id=c} {id=c, item=1} -",
                        "INSERT child {id=c} - {id=c, item=1}",
                        "DELETE child {id=c} {id=c, item=1} -");
    }

    @Test
    void valuesOfAllTypesComeAsQueriesGiveThem() {
        await(connection.execute(
                "CREATE TABLE kinds (id INTEGER PRIMARY KEY, i INTEGER, r REAL, t TEXT, b BLOB, flag BOOLEAN,"
                        + " at DATETIME, day DATE, seconds TIMESTAMP, anything, \"a\"\"b c\" TEXT)"));
        await(admin.enableChangeLog("kinds"));
        LocalDateTime time = LocalDateTime.of(2026, 5, 18, 9, 30, 15, 123_456_000);

        StepVerifier.create(commits("kinds").flatMapIterable(Change.Commit::rows))
                .then(() -> {
                    await(connection.execute(
                            "INSERT INTO kinds VALUES (1, $1, $2, $3, $4, $5, $6, $7, 1700000000, $8, 'quoted')",
                            Long.MIN_VALUE,
                            0.1 + 0.2,
                            "ä\"\\\n\u0001 漢字 🙂",
                            ByteBuffer.wrap(new byte[] {0, -1, 7}),
                            true,
                            time,
                            LocalDate.of(2026, 5, 18),
                            new BigDecimal("12345.670")));
                    await(connection.execute(
                            "INSERT INTO kinds (id, r, t, b, anything) VALUES (2, 9e999, '', x'', -9e999)"));
                    await(connection.execute(
                            "INSERT INTO kinds (id, r, anything) VALUES (3, 4.9e-324, 1.7976931348623157e308)"));
                })
                .assertNext(change -> {
                    Row row = requireNonNull(change.after());
                    assertThat(row.get("i")).isEqualTo(Long.MIN_VALUE);
                    assertThat(row.get("r")).isEqualTo(0.1 + 0.2);
                    assertThat(row.get("t")).isEqualTo("ä\"\\\n\u0001 漢字 🙂");
                    assertThat(row.get("b", byte[].class)).containsExactly(0, -1, 7);
                    assertThat(row.get("flag")).isEqualTo(true);
                    assertThat(row.get("at")).isEqualTo(time);
                    assertThat(row.get("day")).isEqualTo(LocalDate.of(2026, 5, 18));
                    assertThat(row.get("seconds")).isEqualTo(LocalDateTime.of(2023, 11, 14, 22, 13, 20));
                    assertThat(row.get("anything", BigDecimal.class)).isEqualTo("12345.670");
                    assertThat(row.get("a\"b c")).isEqualTo("quoted");
                })
                .assertNext(change -> {
                    Row row = requireNonNull(change.after());
                    assertThat(row.get("r")).isEqualTo(Double.POSITIVE_INFINITY);
                    assertThat(row.get("anything")).isEqualTo(Double.NEGATIVE_INFINITY);
                    assertThat(row.get("t")).isEqualTo("");
                    assertThat(row.get("b", byte[].class)).isEmpty();
                    // The log knows a NULL of these columns, which a query cannot tell from false.
                    assertThat(row.get("flag")).isNull();
                    assertThat(row.get("at")).isNull();
                    assertThat(row.get("i")).isNull();
                })
                .assertNext(change -> {
                    Row row = requireNonNull(change.after());
                    assertThat(row.get("r")).isEqualTo(Double.MIN_VALUE);
                    assertThat(row.get("anything")).isEqualTo(Double.MAX_VALUE);
                })
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void valuesThatEndANodeThatSelectsThemAreReported() {
        await(connection.execute("CREATE TABLE poison (id INTEGER PRIMARY KEY, flag BOOLEAN, at DATETIME)"));
        await(admin.enableChangeLog("poison"));

        StepVerifier.create(commits("poison").flatMapIterable(Change.Commit::rows))
                .then(() -> await(connection.execute("INSERT INTO poison VALUES (1, 'maybe', 1.5)")))
                .assertNext(row -> assertThat(text(row)).isEqualTo("INSERT poison {id=1} - {id=1, flag=maybe, at=1.5}"))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void loggingChangesNeitherKeysNorCounts() {
        await(admin.enableChangeLog("item"));
        await(connection.execute("INSERT INTO item VALUES (6, 'six')"));

        Long key = awaitValue(Flux.from(connection
                        .createStatement("INSERT INTO item (name) VALUES ('seven')")
                        .returnGeneratedValues("id")
                        .execute())
                .flatMap(result -> result.map((row, metadata) -> row.get(0, Long.class))));
        assertThat(key).isEqualTo(7);
        assertThat(awaitValue(connection.execute("UPDATE item SET name = name || '!'")))
                .isEqualTo(2);
        assertThat(awaitValue(connection.execute("REPLACE INTO item VALUES (1, 'six!')")))
                .isEqualTo(1);
    }

    @Test
    void whatIsRolledBackIsNotReported() {
        await(admin.enableChangeLog("item"));

        StepVerifier.create(commits("item"))
                .then(() -> {
                    await(connection.beginTransaction());
                    await(connection.execute("INSERT INTO item VALUES (1, 'never')"));
                    await(connection.rollbackTransaction());
                    await(connection.execute("INSERT INTO item VALUES (2, 'two')"));
                })
                .assertNext(
                        commit -> assertThat(texts(commit)).containsExactly("INSERT item {id=2} - {id=2, name=two}"))
                .thenCancel()
                .verify(PATIENCE);
    }
}
