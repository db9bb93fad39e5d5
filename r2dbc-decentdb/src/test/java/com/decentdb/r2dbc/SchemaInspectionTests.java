package com.decentdb.r2dbc;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.schema.ForeignKeyInfo;
import com.decentdb.r2dbc.api.schema.IndexInfo;
import com.decentdb.r2dbc.api.schema.QueryDescription;
import com.decentdb.r2dbc.api.schema.TableColumn;
import com.decentdb.r2dbc.api.schema.TableInfo;
import com.decentdb.r2dbc.api.schema.ToolingMetadata;
import com.decentdb.r2dbc.api.schema.TriggerInfo;
import com.decentdb.r2dbc.api.schema.ViewInfo;
import io.r2dbc.spi.R2dbcException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The schema as typed descriptions. */
class SchemaInspectionTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void createSchema() {
        connection = database.connect();
        await(connection.execute("CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"));
        await(connection.execute("CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT DEFAULT 'untitled',"
                + " pages INTEGER CHECK (pages > 0), price DECIMAL(10,2),"
                + " author_id INTEGER REFERENCES author (id) ON DELETE CASCADE)"));
        await(connection.execute("CREATE INDEX book_title ON book (title)"));
        await(connection.execute("CREATE VIEW cheap AS SELECT id, title FROM book WHERE price < 10"));
        await(connection.execute("INSERT INTO author VALUES (1, 'Ada'), (2, 'Grace')"));
    }

    @Test
    void toolsReadKeysAndConstraintsFromInformationSchema() {
        String keys = "SELECT k.table_name, k.column_name, c.constraint_type, r.delete_rule"
                + " FROM information_schema.key_column_usage k"
                + " JOIN information_schema.table_constraints c ON c.constraint_schema = k.constraint_schema"
                + " AND c.constraint_name = k.constraint_name AND c.table_name = k.table_name"
                + " LEFT JOIN information_schema.referential_constraints r ON r.constraint_name = c.constraint_name"
                + " WHERE k.table_schema = $1 AND k.table_name = $2 ORDER BY k.column_name";
        if (!database.bundled()) {
            // DecentDB has the views schemata, tables and columns.
            StepVerifier.create(connection.fetchLists(keys, "public", "book"))
                    .expectErrorSatisfies(error ->
                            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("42P01"))
                    .verify();
            return;
        }

        assertThat(awaitAll(connection.fetchLists(keys, "public", "book")))
                .containsExactly(
                        List.of("book", "author_id", "FOREIGN KEY", "CASCADE"),
                        Arrays.asList("book", "id", "PRIMARY KEY", null));
        assertThat(
                        awaitAll(
                                connection.fetchLists(
                                        "SELECT index_name, column_name FROM information_schema.statistics WHERE index_name = 'book_title'")))
                .containsExactly(List.of("book_title", "title"));
        assertThat(awaitAll(
                        connection.fetchLists("SELECT check_clause, (SELECT COUNT(*) FROM information_schema.routines),"
                                + " (SELECT view_definition FROM information_schema.views)"
                                + " FROM information_schema.check_constraints")))
                .containsExactly(List.of("pages > 0", 0L, "SELECT id, title FROM book WHERE price < 10"));
    }

    @Test
    void listsTablesWithColumnsKeysAndRows() {
        TableInfo book = table("book");

        assertThat(book.temporary()).isFalse();
        assertThat(book.columns())
                .extracting(TableColumn::name)
                .containsExactly("id", "title", "pages", "price", "author_id");
        assertThat(book.primaryKey()).containsExactly("id");
        ForeignKeyInfo key = book.foreignKeys().get(0);
        assertThat(key.columns()).containsExactly("author_id");
        assertThat(key.referencedTable()).isEqualTo("author");
        assertThat(key.referencedColumns()).containsExactly("id");
        assertThat(key.onDelete()).isEqualToIgnoringCase("CASCADE");
        assertThat(table("author").rowCount()).isEqualTo(2);
        assertThat(book.json()).containsEntry("name", "book");
    }

    @Test
    void describesTheColumnsOfATable() {
        assertThat(awaitAll(connection.tableColumns("book")))
                .extracting(TableColumn::name, TableColumn::type, TableColumn::primaryKey)
                .containsExactly(
                        tuple("id", DecentDbType.INT64, true),
                        tuple("title", DecentDbType.TEXT, false),
                        tuple("pages", DecentDbType.INT64, false),
                        tuple("price", DecentDbType.DECIMAL, false),
                        tuple("author_id", DecentDbType.INT64, false));
        TableColumn name = awaitAll(connection.tableColumns("author")).get(1);
        assertThat(name.nullable()).isFalse();
        assertThat(name.unique()).isTrue();
        TableColumn title = awaitAll(connection.tableColumns("book")).get(1);
        assertThat(title.nullable()).isTrue();
        assertThat(title.defaultSql()).contains("untitled");
        assertThat(awaitAll(connection.tableColumns("book")).get(2).checks())
                .singleElement()
                .asString()
                .contains("pages");
    }

    @Test
    void returnsTheStatementsThatCreateTablesAndViews() {
        assertThat(awaitValue(connection.tableDdl("author")))
                .startsWithIgnoringCase("CREATE TABLE")
                .contains("author");
        assertThat(awaitValue(connection.viewDdl("cheap")))
                .startsWithIgnoringCase("CREATE VIEW")
                .contains("cheap");
    }

    @Test
    void listsIndexes() {
        IndexInfo index = awaitAll(connection.listIndexes()).stream()
                .filter(each -> each.name().equals("book_title"))
                .findFirst()
                .orElseThrow();

        assertThat(index.table()).isEqualTo("book");
        assertThat(index.kind()).isEqualTo("btree");
        assertThat(index.unique()).isFalse();
        assertThat(index.columns()).containsExactly("title");
        assertThat(index.predicateSql()).isNull();
    }

    @Test
    void listsViews() {
        ViewInfo view = awaitAll(connection.listViews()).get(0);

        assertThat(view.name()).isEqualTo("cheap");
        assertThat(view.columns()).containsExactly("id", "title");
        assertThat(view.dependencies()).containsExactly("book");
        assertThat(view.sql()).containsIgnoringCase("select");
    }

    @Test
    void listsTriggers() {
        await(connection.execute("CREATE TRIGGER renumber AFTER INSERT ON book FOR EACH ROW"
                + " EXECUTE FUNCTION decentdb_exec_sql('UPDATE author SET name = name')"));

        TriggerInfo trigger = awaitAll(connection.listTriggers()).get(0);

        assertThat(trigger.name()).isEqualTo("renumber");
        assertThat(trigger.target()).isEqualTo("book");
        assertThat(trigger.timing()).isEqualTo("AFTER");
        assertThat(trigger.event()).isEqualTo("INSERT");
        assertThat(trigger.onView()).isFalse();
        assertThat(trigger.actionSql()).contains("UPDATE author");
    }

    @Test
    void describesForTools() {
        ToolingMetadata metadata = awaitValue(connection.toolingMetadata());

        assertThat(metadata.engineVersion()).isNotEmpty();
        assertThat(metadata.schemaFingerprint()).isNotEmpty();
        assertThat(metadata.schema()).containsKey("tables");
        await(connection.execute("CREATE TABLE more (id INTEGER)"));
        assertThat(awaitValue(connection.toolingMetadata()).schemaCookie()).isNotEqualTo(metadata.schemaCookie());
    }

    @Test
    void describesAQueryWithoutRunningIt() {
        QueryDescription query =
                awaitValue(connection.describeQuery("SELECT id, price * 2 AS twice FROM book WHERE title = $1"));

        assertThat(query.readOnly()).isTrue();
        assertThat(query.parameters()).containsExactly(new QueryDescription.Parameter(1, DecentDbType.TEXT));
        assertThat(query.columns()).extracting(QueryDescription.Column::name).containsExactly("id", "twice");
        assertThat(query.columns().get(0).table()).isEqualTo("book");
        assertThat(query.columns().get(0).type()).isEqualTo(DecentDbType.INT64);
        assertThat(query.columns().get(1).table()).isNull();
        assertThat(awaitValue(connection.describeQuery("DELETE FROM book")).readOnly())
                .isFalse();
    }

    @Test
    void reportsTheVersionOfTheEngine() {
        assertThat(awaitValue(connection.version()))
                .isEqualTo(connection.getMetadata().getDatabaseVersion());
    }

    @Test
    void reportsMissingTablesAndViewsByName() {
        missing(connection.tableColumns("nowhere"));
        missing(connection.tableDdl("nowhere"));
        missing(connection.viewDdl("nowhere"));
    }

    private static void missing(Publisher<?> description) {
        StepVerifier.create(Flux.from(description))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(R2dbcException.class).hasMessageContaining("nowhere");
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("42P01");
                })
                .verify();
    }

    @Test
    void aLongNameIsShortenedInTheError() {
        StepVerifier.create(connection.tableDdl("n".repeat(10_000)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .message()
                        .contains("nnn.. (10000 characters)")
                        .hasSizeLessThan(1_000))
                .verify();
    }

    @Test
    void aClosedConnectionDescribesNothing() {
        await(connection.close());

        for (Publisher<?> description : List.of(connection.version(), connection.listTables())) {
            StepVerifier.create(description)
                    .expectErrorSatisfies(error ->
                            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08003"))
                    .verify();
        }
    }

    @Test
    void refusesNamesThatAreNone() {
        assertThatIllegalArgumentException().isThrownBy(() -> connection.tableColumns(""));
        assertThatIllegalArgumentException().isThrownBy(() -> connection.describeQuery(" "));
    }

    @Test
    void seesWhatItsOwnTransactionDidAndNothingOfOthers() {
        DecentDbConnection other = database.connect();
        await(connection.beginTransaction());
        await(connection.execute("CREATE TABLE draft (id INTEGER PRIMARY KEY)"));

        assertThat(awaitAll(connection.listTables()))
                .extracting(TableInfo::name)
                .contains("draft");
        assertThat(awaitAll(other.listTables())).extracting(TableInfo::name).doesNotContain("draft");

        await(connection.rollbackTransaction());
        assertThat(awaitAll(connection.listTables())).hasSize(2);
    }

    @Test
    void waitsForAWriterOfADatabaseInMemoryNoLongerThanAllowed() {
        DecentDbConnectionFactory memory = DecentDb.factory("r2dbc:decentdb:mem:///inspected?lockWaitTimeout=PT0.05S");
        DecentDbConnection writer = database.keep(memory.create());
        DecentDbConnection reader = database.keep(memory.create());
        holdWriteLock(writer);

        StepVerifier.create(reader.listTables())
                .expectErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("55P03"))
                .verify();

        await(writer.rollbackTransaction());
        assertThat(awaitAll(reader.listTables())).isEmpty();
    }

    @Test
    void showsTemporaryTablesToTheirConnectionAlone() {
        DecentDbConnection other = database.connect();
        await(connection.execute("CREATE TEMP TABLE scratch (id INTEGER)"));

        assertThat(table("scratch").temporary()).isTrue();
        assertThat(awaitAll(other.listTables())).extracting(TableInfo::name).doesNotContain("scratch");
    }

    private TableInfo table(String name) {
        return awaitAll(connection.listTables()).stream()
                .filter(table -> table.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
