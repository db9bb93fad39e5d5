package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbErrorDetails;
import com.decentdb.r2dbc.api.DecentDbErrorDetails.Position;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;

/** The details of an error besides its SQLSTATE: for programs as such, for people in its message. */
class ErrorDetailsTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTables() {
        await(
                database.connect()
                        .execute(
                                "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price INTEGER,"
                                        + " CONSTRAINT fair CHECK (price > 0));"
                                        + " CREATE UNIQUE INDEX item_name ON item (name);"
                                        + " CREATE TABLE sale (item_id INTEGER REFERENCES item (id), day DATE, place TEXT, UNIQUE (day, place))"));
    }

    private static R2dbcException error(Publisher<?> publisher) {
        return catchThrowableOfType(R2dbcException.class, () -> await(publisher));
    }

    private static DecentDbErrorDetails details(Throwable error) {
        return DecentDbErrorDetails.of(error).orElseThrow();
    }

    @Test
    void aViolatedUniqueIndexIsNamedWithItsTableAndColumn() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("INSERT INTO item VALUES (1, 'tea', 4)"));

        R2dbcException error = error(connection.execute("INSERT INTO item VALUES (2, 'tea', 5)"));

        assertThat(error).isInstanceOf(R2dbcDataIntegrityViolationException.class);
        DecentDbErrorDetails details = details(error);
        assertThat(details.constraint()).isEqualTo("item_name");
        assertThat(details.table()).isEqualTo("item");
        assertThat(details.nativeCode()).isEqualTo("constraint.unique");
        assertThat(details.position()).isNull();
        if (database.bundled()) {
            // DecentDB does not say of which columns a unique index is.
            assertThat(details.column()).isEqualTo("name");
            assertThat(error).hasMessage("unique constraint item_name on item was violated [column name]");
        }
    }

    @Test
    void severalColumnsComeInTheOrderOfTheConstraint() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("INSERT INTO sale VALUES (NULL, DATE '2024-07-01', 'here')"));

        DecentDbErrorDetails details =
                details(error(connection.execute("INSERT INTO sale VALUES (NULL, DATE '2024-07-01', 'here')")));

        assertThat(details.table()).isEqualTo("sale");
        assertThat(details.constraint()).isNotNull();
        if (database.bundled()) {
            // DecentDB does not say of which columns a constraint is.
            assertThat(details.columns()).containsExactly("day", "place");
            assertThat(details.column()).isNull();
        }
    }

    @Test
    void aColumnThatMayNotBeNullIsNamed() {
        R2dbcException error = error(database.connect().execute("INSERT INTO item VALUES (1, NULL, 4)"));

        assertThat(details(error).table()).isEqualTo("item");
        assertThat(details(error).column()).isEqualTo("name");
        assertThat(error).hasMessageContaining("item.name");
    }

    @Test
    void aViolatedCheckIsNamed() {
        R2dbcException error = error(database.connect().execute("INSERT INTO item VALUES (1, 'tea', -4)"));

        assertThat(details(error).table()).isEqualTo("item");
        if (database.bundled()) {
            // DecentDB names the table alone.
            assertThat(details(error).constraint()).isEqualTo("fair");
            assertThat(details(error).hint()).contains("price > 0");
            assertThat(error).hasMessageContaining("fair").hasMessageContaining("price > 0");
        }
    }

    @Test
    void aForeignKeyThatLeadsNowhereIsNamed() {
        R2dbcException error = error(database.connect().execute("INSERT INTO sale (item_id) VALUES (7)"));

        assertThat(details(error).table()).isEqualTo("sale");
        assertThat(error).hasMessageContaining("item");
        if (database.bundled()) {
            // DecentDB names the two tables alone.
            assertThat(details(error).column()).isEqualTo("item_id");
            assertThat(details(error).constraint()).isNotNull();
        }
    }

    @Test
    void anUnknownColumnIsNamed() {
        DecentDbConnection connection = database.connect();
        // DecentDB looks at the column when it has a row.
        await(connection.execute("INSERT INTO item VALUES (1, 'tea', 4)"));

        R2dbcException error = error(connection.fetchAll("SELECT colour FROM item"));

        assertThat(error.getSqlState()).isEqualTo("42703");
        assertThat(details(error).column()).isEqualTo("colour");
        assertThat(details(error).nativeCode()).isEqualTo("sql.column_not_found");
    }

    @Test
    void anUnknownFunctionIs42883() {
        R2dbcException error = error(database.connect().fetchAll("SELECT frobnicate(1)"));

        assertThat(error.getSqlState()).isEqualTo("42883");
        assertThat(error).isInstanceOf(R2dbcBadGrammarException.class).hasMessageContaining("frobnicate");
    }

    @Test
    void divisionByZeroIsNullAsInDecentDb() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("INSERT INTO item VALUES (1, 'tea', 4)"));

        // PostgreSQL raises 22012; DecentDB gives NULL, and so does the bundled engine.
        assertThat(awaitAll(connection.fetchLists("SELECT price / 0, price % 0, price / 0.0 FROM item")))
                .singleElement()
                .satisfies(row -> assertThat(row).containsOnlyNulls());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            SELECT 1 FORM item        | 1 | 15
            SELECT\\n\\n  1 FORM item | 3 | 10
            """)
    void aSyntaxErrorSaysItsLineAndColumn(String written, int line, int column) {
        String sql = written.strip().replace("\\n", "\n");
        R2dbcException error = error(database.connect().fetchAll(sql));

        assertThat(error.getSqlState()).isEqualTo("42601");
        assertThat(details(error).position()).isEqualTo(new Position(line, column));
        assertThat(error).hasMessageContaining("at line " + line + ", column " + column);
    }

    @Test
    void theLineIsThatOfTheWholeScript() {
        String script = """
                -- The tables of the shop, with a ; and a ' in this comment
                CREATE TABLE shelf (id INTEGER PRIMARY KEY);

                /* Then
                   the rows */
                INSERT INTO shelf VALUES (1);
                  INSERT INTO shelf VALUES 2;
                """;

        R2dbcException error = error(database.connect().execute(script));

        assertThat(error.getSql()).isEqualTo("INSERT INTO shelf VALUES 2");
        assertThat(details(error).position()).isEqualTo(new Position(7, 28));
        assertThat(error).hasMessageContaining("line 7, column 28");
    }

    @Test
    void placesBehindParametersAreThoseOfTheTextAsItWasWritten() {
        DecentDbConnection connection =
                database.keep(DecentDb.connect("r2dbc:decentdb:mem:///places?parameterStyle=named"));

        R2dbcException error = error(connection
                .createStatement("SELECT :a_long_name,\n :b, '\uD83D\uDE00', :a_long_name FORM x y")
                .bind("a_long_name", 1)
                .bind("b", 2)
                .execute());

        // The grinning face is two characters for Java and one for the engine.
        assertThat(details(error).position()).isEqualTo(new Position(2, 30));
    }

    @Test
    void inABatchAndInTheWriteQueueItIsTheStatementThatFailed() {
        DecentDbConnection connection = database.connect();

        R2dbcException batch = error(Flux.from(connection
                        .createBatch()
                        .add("INSERT INTO item VALUES (1, 'tea', 4)")
                        .add("INSERT INTO\n item VALUES 2")
                        .execute())
                .concatMap(Result::getRowsUpdated));
        assertThat(batch.getSql()).contains("VALUES 2");
        assertThat(details(batch).position()).isEqualTo(new Position(2, 14));

        R2dbcException queued = error(connection.executeQueued(" INSERT INTO item VALUES 2"));
        assertThat(details(queued).position()).isEqualTo(new Position(1, 26));
    }

    @Test
    void inATransactionItIsThere() {
        R2dbcException error = error(database.connect().inTransaction(tx -> tx.execute("INSERT INTO item VALUES 2")));

        assertThat(details(error).position()).isEqualTo(new Position(1, 25));
    }

    @Test
    void transactionControlThatCannotBeReadSaysWhere() {
        R2dbcException error = error(database.connect().execute("BEGIN;\n COMMIT NOW"));

        assertThat(details(error).position()).isEqualTo(new Position(2, 9));
        assertThat(error).hasMessageContaining("line 2, column 9");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM item WHERE id = ?", "SELECT ? + 1", "INSERT INTO item VALUES (?, ?, ?)"})
    void aQuestionMarkNamesTheOptionThatMakesItAParameter(String sql) {
        DecentDbConnection connection = database.connect();
        String option = "parameterStyle=jdbc";

        R2dbcException error = error(connection.execute(sql));
        assertThat(details(error).hint()).contains(option);
        assertThat(error).hasMessageContaining(option).hasMessageContaining("$1");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> await(connection.execute(sql, 1)))
                .withMessageContaining(option);
        var statement = connection.createStatement(sql);
        assertThat(catchThrowableOfType(IndexOutOfBoundsException.class, () -> statement.bind(0, 1)))
                .hasMessageContaining(option);
        assertThat(catchThrowableOfType(NoSuchElementException.class, () -> statement.bind("$1", 1)))
                .hasMessageContaining(option);
    }

    @Test
    void aNameWithAColonNamesTheOptionThatMakesItAParameter() {
        var statement = database.connect().createStatement("SELECT * FROM item WHERE id = :id");

        assertThat(catchThrowableOfType(NoSuchElementException.class, () -> statement.bind("id", 1)))
                .hasMessageContaining("parameterStyle=named");
    }

    @Test
    void aQuestionMarkThatIsNoParameterOfTheStyleThatWasChosenIsNotBlamed() {
        DecentDbConnection connection =
                database.keep(DecentDb.connect("r2dbc:decentdb:mem:///styled?parameterStyle=jdbc"));

        assertThat(error(connection
                        .createStatement("SELECT '?' FORM x WHERE a = ?")
                        .bind(0, 1)
                        .execute()))
                .message()
                .doesNotContain("parameterStyle");
    }

    @Test
    void theDetailsAreFoundBehindExceptionsOfSpring() {
        DatabaseClient client = DatabaseClient.create(database.factory());
        await(client.sql("INSERT INTO item VALUES (1, 'tea', 4)").then());

        DuplicateKeyException error = catchThrowableOfType(
                DuplicateKeyException.class,
                () -> await(client.sql("INSERT INTO item VALUES (2, 'tea', 4)").then()));

        assertThat(details(error).constraint()).isEqualTo("item_name");
    }

    @Test
    void whatIsNoErrorOfTheDriverHasNone() {
        Throwable circle = new IllegalStateException("outer");
        circle.initCause(new IllegalStateException("inner", circle));

        assertThat(DecentDbErrorDetails.of(circle)).isEmpty();
        assertThat(DecentDbErrorDetails.of((@Nullable Throwable) null)).isEmpty();
    }
}
