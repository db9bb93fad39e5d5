package com.decentdb.r2dbc.cluster;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.schema.ForeignKeyInfo;
import com.decentdb.r2dbc.api.schema.IndexInfo;
import com.decentdb.r2dbc.api.schema.TableColumn;
import com.decentdb.r2dbc.api.schema.TableInfo;
import com.decentdb.r2dbc.api.schema.ToolingMetadata;
import com.decentdb.r2dbc.api.schema.TriggerInfo;
import com.decentdb.r2dbc.api.schema.ViewInfo;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.reactivestreams.Publisher;
import reactor.test.StepVerifier;

/** The schema of a database on a real cluster as typed descriptions. */
class ClusterInspectionTests {

    private static final String BOOK =
            "CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT DEFAULT 'untitled', pages INT,"
                    + " price DECIMAL(10,2), weight REAL, cover BLOB, lent BOOLEAN NOT NULL, due DATE, at TIMESTAMP,"
                    + " author_id INTEGER REFERENCES author (id) ON DELETE CASCADE)";

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private DecentDbConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:dqlite://127.0.0.1:1/none");
    private DecentDbConnection connection;

    @BeforeEach
    void createSchema() {
        factory = DecentDb.factory(CLUSTER.url());
        connection = awaitValue(factory.create());
        for (String sql : List.of(
                "CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
                BOOK,
                "CREATE TABLE pair (a TEXT, b TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID",
                "CREATE INDEX book_title ON book (title, lower(title)) WHERE pages > 1",
                "CREATE VIEW cheap (number, name) AS SELECT id, title FROM book WHERE price < 10",
                "CREATE TRIGGER log AFTER UPDATE OF title ON book BEGIN DELETE FROM author; DELETE FROM pair; END")) {
            await(connection.execute(sql));
        }
    }

    @AfterEach
    void close() {
        await(connection.close());
        await(factory.close());
    }

    @Test
    void theMetadataNameTheNodeThatLeads() {
        for (int leaders = 0; leaders < 2; leaders++) {
            await(connection.fetchValue("SELECT count(*) FROM book", Long.class));

            assertThat(connection.getMetadata().engine().source())
                    .isEqualTo("a dqlite cluster led by " + CLUSTER.leader().address());
            CLUSTER.transferTo(CLUSTER.follower());
        }
    }

    private static void expect(Publisher<?> call, String sqlState) {
        StepVerifier.create(call)
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo(sqlState));
    }

    private TableInfo table(String name) {
        return awaitAll(connection.listTables()).stream()
                .filter(table -> table.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void tablesHaveColumnsAndKeys() {
        assertThat(awaitAll(connection.listTables()))
                .extracting(TableInfo::name)
                .containsExactly("author", "book", "pair");
        TableInfo book = table("book");

        assertThat(book.temporary()).isFalse();
        assertThat(book.primaryKey()).containsExactly("id");
        // It would have to be counted.
        assertThat(book.rowCount()).isEqualTo(-1);
        assertThat(book.json()).containsEntry("name", "book").containsEntry("ddl", BOOK);
        assertThat(book.foreignKeys())
                .extracting(
                        ForeignKeyInfo::columns,
                        ForeignKeyInfo::referencedTable,
                        ForeignKeyInfo::referencedColumns,
                        ForeignKeyInfo::onDelete,
                        ForeignKeyInfo::onUpdate)
                .containsExactly(tuple(List.of("author_id"), "author", List.of("id"), "CASCADE", "NO ACTION"));
        assertThat(table("pair").primaryKey()).containsExactly("b", "a");
    }

    @Test
    void columnsHaveTheTypesThatTheirValuesUsuallyHave() {
        List<TableColumn> columns = awaitAll(connection.tableColumns("book"));

        assertThat(columns)
                .extracting(TableColumn::name, TableColumn::type)
                .containsExactly(
                        tuple("id", DecentDbType.INT64),
                        tuple("title", DecentDbType.TEXT),
                        tuple("pages", DecentDbType.INT64),
                        // A number that SQLite makes an integer or a double.
                        tuple("price", DecentDbType.NULL),
                        tuple("weight", DecentDbType.FLOAT64),
                        tuple("cover", DecentDbType.BLOB),
                        tuple("lent", DecentDbType.BOOL),
                        tuple("due", DecentDbType.DATE),
                        tuple("at", DecentDbType.TIMESTAMP),
                        tuple("author_id", DecentDbType.INT64));
        assertThat(columns.get(0))
                .returns(true, TableColumn::primaryKey)
                .returns(true, TableColumn::autoIncrement)
                .returns(true, TableColumn::unique)
                .returns(false, TableColumn::nullable);
        assertThat(columns.get(1))
                .returns("'untitled'", TableColumn::defaultSql)
                .returns(true, TableColumn::nullable);
        assertThat(columns.get(6)).returns(false, TableColumn::nullable);
        assertThat(awaitAll(connection.tableColumns("author")).get(1)).returns(true, TableColumn::unique);
    }

    @Test
    void indexesHaveColumnsAndConditions() {
        IndexInfo index = awaitAll(connection.listIndexes()).stream()
                .filter(each -> each.name().equals("book_title"))
                .findFirst()
                .orElseThrow();

        assertThat(index)
                .returns("book", IndexInfo::table)
                .returns("btree", IndexInfo::kind)
                .returns(false, IndexInfo::unique)
                .returns(List.of("title", "<expression>"), IndexInfo::columns)
                .returns("pages > 1", IndexInfo::predicateSql);
        assertThat(awaitAll(connection.listIndexes()))
                .anySatisfy(each -> assertThat(each)
                        .returns("author", IndexInfo::table)
                        .returns(true, IndexInfo::unique)
                        .returns(List.of("name"), IndexInfo::columns));
    }

    @Test
    void viewsAndTriggersSayWhatTheyDo() {
        assertThat(awaitAll(connection.listViews()))
                .singleElement()
                .satisfies(view -> assertThat(view)
                        .returns("cheap", ViewInfo::name)
                        .returns("SELECT id, title FROM book WHERE price < 10", ViewInfo::sql)
                        .returns(List.of("number", "name"), ViewInfo::columns)
                        .returns(List.of("book"), ViewInfo::dependencies));
        assertThat(awaitAll(connection.listTriggers()))
                .singleElement()
                .satisfies(trigger -> assertThat(trigger)
                        .returns("log", TriggerInfo::name)
                        .returns("book", TriggerInfo::target)
                        .returns("AFTER", TriggerInfo::timing)
                        .returns("UPDATE", TriggerInfo::event)
                        .returns(false, TriggerInfo::onView)
                        .returns("DELETE FROM author; DELETE FROM pair;", TriggerInfo::actionSql));
    }

    @Test
    void statementsAreReturnedAsTheyWere() {
        assertThat(awaitValue(connection.tableDdl("book"))).isEqualTo(BOOK);
        assertThat(awaitValue(connection.viewDdl("cheap"))).startsWith("CREATE VIEW cheap");
        expect(connection.tableDdl("cheap"), "42P01");
        expect(connection.tableColumns("nothing"), "42P01");
        expect(connection.viewDdl("book"), "42P01");
    }

    @Test
    void theSchemaHasAFingerprint() {
        ToolingMetadata before = awaitValue(connection.toolingMetadata());
        assertThat(awaitValue(connection.toolingMetadata())).isEqualTo(before);
        await(connection.execute("CREATE TABLE more (a)"));
        ToolingMetadata after = awaitValue(connection.toolingMetadata());

        assertThat(after.schemaFingerprint())
                .isNotEqualTo(before.schemaFingerprint())
                .hasSize(64);
        assertThat(after.schemaCookie()).isGreaterThan(before.schemaCookie());
        assertThat(after.engineVersion()).contains("SQLite 3.");
        assertThat(after.schema()).containsKeys("tables", "views", "indexes", "triggers");
        Map<String, Object> schema = awaitValue(connection.schema());
        assertThat(schema).isEqualTo(after.schema());
    }

    @Test
    void aTransactionSeesItsOwnSchemaAndTemporaryTables() {
        await(connection.execute("CREATE TEMP TABLE mine (a INTEGER)"));
        await(connection.beginTransaction());
        await(connection.execute("CREATE TABLE uncommitted (a INTEGER)"));

        assertThat(table("mine").temporary()).isTrue();
        assertThat(table("uncommitted").temporary()).isFalse();
        await(connection.rollbackTransaction());
        expect(connection.tableColumns("uncommitted"), "42P01");
    }

    @Test
    void whatTheServerCannotTellIsRefused() {
        expect(connection.describeQuery("SELECT 1"), "0A000");
    }
}
