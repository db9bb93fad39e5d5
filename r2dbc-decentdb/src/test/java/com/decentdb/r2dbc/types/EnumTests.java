package com.decentdb.r2dbc.types;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.EnumValue;
import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** An engine's ENUM cell has numbers only; the driver finds the labels in the schema. */
class EnumTests {

    private enum Mood {
        CALM,
        WILD {
            @Override
            public String toString() {
                return "going wild";
            }
        }
    }

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void createTable() {
        connection = database.connect();
        await(connection.execute(
                "CREATE TABLE cat (id INTEGER PRIMARY KEY, mood ENUM('CALM', 'WILD', 'it''s \"Zoë\"'))"));
        await(connection.execute("INSERT INTO cat VALUES (1, $1)", Mood.CALM));
        await(connection.execute("INSERT INTO cat VALUES (2, $1)", Mood.WILD));
        await(connection.execute("INSERT INTO cat VALUES (3, $1)", "it's \"Zoë\""));
        await(connection.execute("INSERT INTO cat VALUES (4, NULL)"));
    }

    @Test
    void isReadAsItsLabel() {
        assertThat(moods("mood")).containsExactly("CALM", "WILD", "it's \"Zoë\"", null);
        assertThat(read("mood", 3, String.class)).isEqualTo("it's \"Zoë\"");
        assertThat(read("mood", 3, CharSequence.class)).isEqualTo("it's \"Zoë\"");
    }

    @Test
    void isReadAsAConstantOfAJavaEnum() {
        assertThat(read("mood", 1, Mood.class)).isEqualTo(Mood.CALM);
        assertThat(read("mood", 2, Mood.class)).isEqualTo(Mood.WILD);
        connection
                .fetchValue("SELECT mood FROM cat WHERE id = 3", Mood.class)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                R2dbcDataIntegrityViolationException.class,
                                e -> assertThat(e.getSqlState()).isEqualTo("22018"))
                        .hasMessageContaining("'mood'")
                        .hasMessageContaining("Zoë")
                        .hasMessageContaining("CALM"));
    }

    @Test
    void isReadAsTheNumbersOnRequest() {
        EnumValue wild = read("mood", 2, EnumValue.class);

        assertThat(wild.labelId()).isEqualTo(1);
        assertThat(read("mood", 1, EnumValue.class)).isEqualTo(new EnumValue(wild.typeId(), 0));
        await(connection.execute("UPDATE cat SET mood = $1 WHERE id = 4", wild));
        assertThat(read("mood", 4, String.class)).isEqualTo("WILD");
    }

    @Test
    void saysSoInTheMetadata() {
        ColumnMetadata column = awaitValue(
                Flux.from(connection.createStatement("SELECT mood FROM cat").execute())
                        .flatMap(result -> result.map((row, columns) -> columns.getColumnMetadata(0))));

        assertThat(column.getNativeTypeMetadata()).isEqualTo(DecentDbType.ENUM);
        assertThat(column.getJavaType()).isEqualTo(String.class);
    }

    @Test
    void isKnownInExpressionsInBothUsesOfALaneAndOnOtherConnections() {
        assertThat(moods("COALESCE(mood, mood)")).containsExactly("CALM", "WILD", "it's \"Zoë\"", null);
        assertThat(awaitAll(connection.inTransaction(tx -> tx.fetchAll("SELECT mood FROM cat ORDER BY id LIMIT 1"))))
                .containsExactly(List.of("CALM"));
        assertThat(awaitValue(database.connect().fetchValue("SELECT mood FROM cat WHERE id = 2", Mood.class)))
                .isEqualTo(Mood.WILD);
    }

    @Test
    void isKnownInReturnedRows() {
        assertThat(awaitAll(connection.fetchAll("UPDATE cat SET mood = $1 WHERE id = 4 RETURNING mood", "CALM")))
                .containsExactly(List.of("CALM"));
    }

    @Test
    void isKnownAlsoIfTheFirstBlockHoldsNoValue() {
        await(connection.execute("DELETE FROM cat"));
        await(connection.execute("INSERT INTO cat SELECT value, NULL FROM generate_series(1, 5)"));
        await(connection.execute("INSERT INTO cat VALUES (6, 'WILD')"));

        List<String> labels = awaitAll(Flux.from(connection
                        .createStatement("SELECT mood FROM cat ORDER BY id")
                        .fetchSize(2)
                        .execute())
                .concatMap(result -> result.map((row, columns) -> String.valueOf(row.get(0)))));

        assertThat(labels).endsWith("null", "WILD").hasSize(6);
    }

    @Test
    void keepsItsLabelsWhenTableAndColumnAreRenamed() {
        await(connection.execute("ALTER TABLE cat RENAME TO feline"));
        await(connection.execute("ALTER TABLE feline RENAME COLUMN mood TO temper"));

        assertThat(awaitValue(connection.fetchValue("SELECT temper FROM feline WHERE id = 2", Mood.class)))
                .isEqualTo(Mood.WILD);
    }

    @Test
    void isItsNumbersWhereNothingReportsTheLabels() {
        assumeTrue(
                database.bundled(), "DecentDB reports which column an expression comes from, and thereby the labels");
        await(connection.execute("ALTER TABLE cat RENAME TO feline"));
        String sql = "SELECT COALESCE(mood, mood) AS m FROM feline WHERE id = 2";

        assertThat(awaitValue(connection.fetchValue(sql, Object.class)))
                .isInstanceOfSatisfying(
                        EnumValue.class, value -> assertThat(value.labelId()).isEqualTo(1));
        connection
                .fetchValue(sql, String.class)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                        .hasMessageContaining("'m'")
                        .hasMessageContaining("read it as EnumValue"));
    }

    @Test
    void takesLabelsOfTheSchemaAsItIsNow() {
        assertThat(moods("mood")).contains("CALM");
        await(connection.execute("DROP TABLE cat"));
        await(connection.execute("CREATE TABLE cat (id INTEGER PRIMARY KEY, mood ENUM('tame', 'CALM'))"));
        await(connection.execute("INSERT INTO cat VALUES (1, 'tame')"));
        assertThat(moods("mood")).containsExactly("tame");

        await(connection.execute("ALTER TABLE cat ADD COLUMN size ENUM('small', 'LARGE')"));
        await(connection.execute("UPDATE cat SET size = $1", "LARGE"));
        assertThat(moods("size")).containsExactly("LARGE");
    }

    @Test
    void isKnownWithinTheTransactionThatCreatesIt() {
        Flux<List<@Nullable Object>> rows = connection.inTransaction(tx -> Flux.concat(
                        tx.execute("CREATE TABLE dog (id INTEGER PRIMARY KEY, size ENUM('small', 'large'))"),
                        tx.execute("INSERT INTO dog VALUES (1, 'large')"))
                .thenMany(tx.fetchAll("SELECT size FROM dog")));

        assertThat(awaitAll(rows)).containsExactly(List.of("large"));
        assertThat(awaitValue(database.connect().fetchValue("SELECT size FROM dog", String.class)))
                .isEqualTo("large");
    }

    private List<@Nullable Object> moods(String expression) {
        List<@Nullable Object> moods = new ArrayList<>();
        awaitAll(connection.fetchAll("SELECT " + expression + " FROM cat ORDER BY id"))
                .forEach(row -> moods.add(row.get(0)));
        return Collections.unmodifiableList(moods);
    }

    private <T> T read(String expression, int id, Class<T> type) {
        return awaitValue(connection.fetchValue("SELECT " + expression + " FROM cat WHERE id = $1", type, id));
    }
}
