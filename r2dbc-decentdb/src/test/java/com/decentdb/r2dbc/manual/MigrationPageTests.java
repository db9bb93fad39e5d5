package com.decentdb.r2dbc.manual;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import name.nkonev.r2dbc.migrate.core.Dialect;
import name.nkonev.r2dbc.migrate.core.R2dbcMigrate;
import name.nkonev.r2dbc.migrate.core.R2dbcMigrateProperties;
import name.nkonev.r2dbc.migrate.reader.SpringResourceReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** The page on migrations, run. */
class MigrationPageTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @TempDir
    Path folder;

    private void write(String file, String sql) throws IOException {
        Files.writeString(folder.resolve(file), sql);
    }

    private Mono<Void> migration() {
        ConnectionFactory factory = database.factory();
        String files = "file:" + folder + "/*.sql";

        R2dbcMigrateProperties properties = new R2dbcMigrateProperties();
        properties.setDialect(Dialect.H2);
        properties.setResourcesPath(files);

        Mono<Void> migrated = R2dbcMigrate.migrate(factory, properties, new SpringResourceReader(), null, null);
        return migrated;
    }

    @Test
    void everyFileIsRunOnceInTheOrderOfItsVersions() throws IOException {
        write(
                "V1__books.sql",
                "CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL);\nCREATE INDEX by_title ON book (title);");
        write("V2__rows.sql", "INSERT INTO book (title) VALUES ('Emma'), ('Persuasion');");
        await(migration());
        write("V3__prices__nontransactional.sql", "ALTER TABLE book ADD COLUMN price DECIMAL(8,2) DEFAULT 0");
        write(
                "V10__lines__split.sql",
                "INSERT INTO book (title) VALUES ('one')\nINSERT INTO book (title) VALUES ('two')\n");

        await(migration());
        await(migration());

        DecentDbConnection connection = database.connect();
        assertThat(awaitAll(connection.fetchLists("SELECT title, price FROM book ORDER BY id")))
                .extracting(row -> row.get(0))
                .containsExactly("Emma", "Persuasion", "one", "two");
        assertThat(awaitAll(connection.fetchLists("SELECT id FROM migrations ORDER BY id")))
                .extracting(row -> row.get(0))
                .containsExactly(1L, 2L, 3L, 10L);
    }

    @Test
    void aFileThatFailsLeavesNothingBehindAndIsTriedAgain() throws IOException {
        write("V1__books.sql", "CREATE TABLE book (id INTEGER PRIMARY KEY);\nINSERT INTO missing VALUES (1);");

        assertThatThrownBy(() -> await(migration())).hasMessageContaining("missing");
        DecentDbConnection connection = database.connect();
        assertThat(awaitValue(connection
                        .listTables()
                        .map(table -> table.name())
                        .filter("book"::equals)
                        .count()))
                .isZero();

        write("V1__books.sql", "CREATE TABLE book (id INTEGER PRIMARY KEY);");
        await(migration());
        assertThat(awaitValue(connection.fetchValue("SELECT count(*) FROM book", Long.class))
                        .longValue())
                .isZero();
    }
}
