package com.decentdb.r2dbc.cluster.changelog;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.cluster.nodes.NodeClient;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

/** Logged tables that are altered: the log is carried along by this driver, and behind after others. */
class AlteredTableTests extends LoggedTables {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ALTER TABLE item ADD COLUMN price REAL",
                "ALTER TABLE item RENAME COLUMN name TO title",
                "CREATE UNIQUE INDEX more ON item (name, id)"
            })
    void aTableThatAnotherClientAltersIsToBeLoggedAnew(String change) throws IOException {
        await(admin.enableChangeLog("item"));
        NodeClient stranger = CLUSTER.client();

        StepVerifier.create(factory.changeStream("item"))
                .expectNextCount(1)
                .then(() -> await(connection.execute("INSERT INTO item (id) VALUES (1)")))
                .expectNextCount(1)
                .then(() -> execute(stranger, change))
                .expectErrorSatisfies(
                        error -> assertThat(error).hasMessageContaining("enableChangeLog(\"item\") again"))
                .verify(PATIENCE);
        expectError(factory.changeStream("item"), "0A000", "enableChangeLog(\"item\") again");
        expectError(factory.changeStream(), "0A000", "enableChangeLog(\"item\") again");

        long known = last();
        await(admin.enableChangeLog("item"));
        await(connection.execute("INSERT INTO item (id) VALUES (2)"));
        // Between the two the log may have missed something.
        StepVerifier.create(factory.changeStreamAfter(known, "item"))
                .expectNextCount(1)
                .assertNext(next -> assertThat(((Change.Lagged) next).reason()).isEqualTo("change log of item enabled"))
                .assertNext(next -> assertThat(((Change.Commit) next).rows()).hasSize(1))
                .thenCancel()
                .verify(PATIENCE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    ALTER TABLE item ADD COLUMN price REAL       | {id=2, name=two, price=null}
                    ALTER TABLE item RENAME COLUMN name TO title | {id=2, title=two}
                    CREATE UNIQUE INDEX more ON item (name, id)  | {id=2, name=two}
                    """)
    void aTableThatTheDriverAltersIsLoggedOn(String change, String row) {
        await(admin.enableChangeLog("item"));

        StepVerifier.create(commits("item").flatMapIterable(LoggedTables::texts))
                .then(() -> await(connection.execute("INSERT INTO item VALUES (1, 'one')")))
                .expectNext("INSERT item {id=1} - {id=1, name=one}")
                .then(() -> {
                    await(connection.execute(change));
                    await(admin.enableChangeLog("item"));
                    await(connection.execute("INSERT INTO item (id, " + (row.contains("title") ? "title" : "name")
                            + ") VALUES (2, 'two')"));
                })
                .expectNext("INSERT item {id=2} - " + row)
                .thenCancel()
                .verify(PATIENCE);
        assertThat(CLUSTER.integers("SELECT count(*) FROM decentdb_change_log WHERE op = 'enabled'"))
                .as("how often it was enabled")
                .containsExactly(1L);
    }

    @Test
    void aTransactionThatAltersATableIsLoggedToItsEnd() {
        await(admin.enableChangeLog("item"));

        StepVerifier.create(commits("item").flatMapIterable(LoggedTables::texts))
                .then(() -> await(connection.inTransaction(tx -> tx.execute("INSERT INTO item VALUES (1, 'one')")
                        .then(tx.execute("ALTER TABLE item ADD COLUMN price REAL"))
                        .then(tx.execute("INSERT INTO item VALUES (2, 'two', 2.5)")))))
                .expectNext("INSERT item {id=1} - {id=1, name=one}", "INSERT item {id=2} - {id=2, name=two, price=2.5}")
                .then(() -> {
                    await(connection.beginTransaction());
                    await(connection.execute("ALTER TABLE item RENAME COLUMN price TO cost"));
                    await(connection.execute("INSERT INTO item VALUES (3, 'three', 3.5)"));
                    await(connection.rollbackTransaction());
                    await(connection.execute("INSERT INTO item VALUES (4, 'four', 4.5)"));
                })
                .expectNext("INSERT item {id=4} - {id=4, name=four, price=4.5}")
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void aTableThatTheDriverRenamesIsLoggedUnderItsNewName() {
        await(admin.enableChangeLog("item"));
        await(connection.execute("ALTER TABLE item RENAME TO thing"));

        StepVerifier.create(commits("thing").flatMapIterable(LoggedTables::texts))
                .then(() -> await(connection.execute("INSERT INTO thing VALUES (1, 'one')")))
                .expectNext("INSERT thing {id=1} - {id=1, name=one}")
                .thenCancel()
                .verify(PATIENCE);
        assertThat(CLUSTER.integers("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"))
                .as("triggers of the table, and the one that trims the log")
                .containsExactly(6L);
    }

    @Test
    void whatTheLogCannotFollowIsRefusedAndChangesNothing() {
        await(admin.enableChangeLog("item"));
        String index = "CREATE UNIQUE INDEX small ON item (lower(name))";

        expectError(connection.execute(index), "0A000", "item", "small", "generated column");
        await(connection.beginTransaction());
        await(connection.execute("INSERT INTO item VALUES (1, 'one')"));
        expectError(connection.execute(index), "0A000", "item", "small", "generated column");
        await(connection.execute("INSERT INTO item VALUES (2, 'two')"));
        await(connection.commitTransaction());

        assertThat(CLUSTER.integers("SELECT count(*) FROM sqlite_schema WHERE name = 'small'"))
                .containsExactly(0L);
        assertThat(CLUSTER.integers("SELECT count(*) FROM decentdb_change_log WHERE op = 'insert'"))
                .containsExactly(2L);
        await(admin.disableChangeLog("item"));
        await(connection.execute(index));
    }

    @Test
    void anAlterationThatFailsLeavesTheLogAsItWas() {
        await(admin.enableChangeLog("item"));

        expectError(connection.execute("ALTER TABLE item ADD COLUMN name TEXT"), "42000", "duplicate column");
        expectError(connection.execute("ALTER TABLE missing ADD COLUMN name TEXT"), "42P01", "missing");
        assertThat(changes("item", "INSERT INTO item VALUES (1, 'one')"))
                .containsExactly("INSERT item {id=1} - {id=1, name=one}");
    }
}
