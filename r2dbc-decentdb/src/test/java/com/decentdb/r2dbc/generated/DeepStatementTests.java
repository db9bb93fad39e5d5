package com.decentdb.r2dbc.generated;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A statement that nests or chains deeply runs, or is refused with 54001, and never ends the process. */
class DeepStatementTests {

    private static final int[] DEPTHS = {30, 501, 3_000, 100_000};
    private static final long SMALL_STACK_BYTES = 256L << 10;

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void connect() {
        connection = database.connect();
        assumeTrue(connection.getMetadata().engine().bundled(), "other engines end the process");
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT)"));
        await(connection.execute("INSERT INTO t VALUES (1, 'x')"));
    }

    /** A statement: {@code open} as often as it is deep before {@code middle}, {@code close} as often behind it. */
    record Construct(String before, String open, String middle, String close, String after) {

        String deep(int levels) {
            return before + open.repeat(levels) + middle + close.repeat(levels) + after;
        }

        @Override
        public String toString() {
            return deep(2);
        }
    }

    static Stream<Construct> constructs() {
        return Stream.of(
                new Construct("SELECT ", "(", "1", ")", ""),
                new Construct("SELECT ", "- ", "1", "", ""),
                new Construct("SELECT ", "NOT ", "true", "", ""),
                new Construct("SELECT ", "abs(", "1", ")", ""),
                new Construct("SELECT ", "CAST(", "1", " AS INT)", ""),
                new Construct("SELECT ", "CASE WHEN true THEN ", "1", " END", ""),
                new Construct("SELECT ", "(SELECT ", "1", ")", ""),
                new Construct("SELECT ", "1 IN (2, ", "1", ")", ""),
                new Construct("SELECT ", "ARRAY[", "1", "]", ""),
                new Construct("SELECT * FROM ", "(SELECT * FROM ", "t", ") AS x", ""),
                new Construct("SELECT * FROM ", "(t JOIN ", "t", " ON true)", ""),
                new Construct("", "(SELECT 1 UNION ", "SELECT 1", ")", ""),
                new Construct("", "WITH x AS (", "SELECT 1", ") SELECT * FROM x", ""),
                new Construct("", "EXPLAIN ", "SELECT 1", "", ""),
                new Construct("", "EXPLAIN ANALYZE ", "SELECT 1", "", ""),
                new Construct("SELECT 1", "", "", " + 1", ""),
                new Construct("SELECT 'x'", "", "", " || 'x'", ""),
                new Construct("SELECT 'x'", "", "", " LIKE 'x'", ""),
                new Construct("SELECT 1", "", "", "::int", ""),
                new Construct("SELECT id FROM t WHERE id = 1", "", "", " OR id = 1", ""),
                new Construct("SELECT id FROM t WHERE id IN (1", "", "", ", 1", ")"),
                new Construct("SELECT 1", "", "", " UNION ALL SELECT 1", ""),
                new Construct("SELECT 1", "", "", " EXCEPT SELECT 2", ""),
                new Construct("SELECT * FROM t", "", "", " CROSS JOIN t", ""),
                new Construct("UPDATE t SET id = ", "abs(", "id", ")", ""),
                new Construct("DELETE FROM t WHERE ", "NOT ", "false", "", ""),
                new Construct("CREATE TABLE z (a INT CHECK (", "(", "a > 0", ")", "))"),
                new Construct("CREATE VIEW z AS SELECT ", "abs(", "id", ")", " AS x FROM t"));
    }

    @ParameterizedTest
    @MethodSource("constructs")
    void aDeepStatementRunsOrIsRefused(Construct construct) {
        for (int levels : DEPTHS) {
            String state = state(connection.execute(construct.deep(levels)));
            // Some nests mean nothing at any depth, and some are refused as such.
            assertThat(state)
                    .as("%d levels", levels)
                    .isIn("", "54001", "42601", "0A000", "42000", "42712", "42804", "42P01", "42809");
        }
        assertThat(awaitValue(connection.fetchValue("SELECT 1", Integer.class))).isEqualTo(1);
    }

    /** Threads of programs call the engine through {@code com.decentdb.ffi} with whatever stack they have. */
    @Test
    void aSmallStackIsEnough() throws InterruptedException {
        NativeLibrary library = NativeLibrary.load(null);
        for (Construct construct : constructs().toList()) {
            for (int levels : DEPTHS) {
                AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
                Thread thread = new Thread(
                        null, () -> run(library, construct.deep(levels), failure), "small", SMALL_STACK_BYTES);
                thread.start();
                thread.join();
                assertThat(failure.get()).as("%s, %d levels", construct, levels).isNull();
            }
        }
    }

    private static void run(NativeLibrary library, String sql, AtomicReference<@Nullable Throwable> failure) {
        try (NativeDatabase memory = library.open(":memory:", OpenMode.OPEN_OR_CREATE, "")) {
            memory.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT)", Parameters.of(0))
                    .close();
            memory.execute(sql, Parameters.of(0)).close();
        } catch (NativeException e) {
            failure.set(e.sqlState() == null || e.sqlState().startsWith("XX") ? e : null);
        } catch (Throwable e) {
            failure.set(e);
        }
    }

    @Test
    void longChainsRun() {
        assertThat(awaitValue(connection.fetchValue("SELECT 0" + " + 1".repeat(3_000), Integer.class)))
                .isEqualTo(3_000);
        assertThat(awaitValue(connection.fetchValue(
                        "SELECT count(*) FROM t WHERE id = 0" + " OR id = 1".repeat(501), Integer.class)))
                .isEqualTo(1);
        assertThat(awaitValue(connection
                        .fetch("SELECT 1 AS one" + " UNION ALL SELECT 1".repeat(501))
                        .count()))
                .isEqualTo(502);
    }

    @Test
    void eightHundredTablesCascade() {
        await(connection.inTransaction(tx -> Flux.range(0, 800).concatMap(i -> {
            String parent = i == 0 ? "" : " REFERENCES c" + (i - 1) + " (id) ON DELETE CASCADE";
            return tx.execute("CREATE TABLE c" + i + " (id INTEGER PRIMARY KEY" + parent + ")")
                    .then(tx.execute("INSERT INTO c" + i + " VALUES (1)"));
        })));
        await(connection.execute("DELETE FROM c0"));

        assertThat(awaitValue(connection.fetchValue("SELECT count(*) FROM c799", Integer.class)))
                .isZero();
    }

    @Test
    void rowsCascadeFiveThousandDeep() {
        await(connection.execute(
                "CREATE TABLE tree (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES tree (id) ON DELETE CASCADE)"));
        await(connection.execute("INSERT INTO tree VALUES (1, NULL)"));
        await(connection.execute("INSERT INTO tree SELECT value, value - 1 FROM generate_series(2, 5000) AS s(value)"));
        await(connection.execute("DELETE FROM tree WHERE id = 1"));

        assertThat(awaitValue(connection.fetchValue("SELECT count(*) FROM tree", Integer.class)))
                .isZero();
    }

    @Test
    void beyondTheBoundsTheRefusalSaysSo() {
        for (String sql : List.of(
                new Construct("SELECT ", "(", "1", ")", "").deep(5_000),
                new Construct("SELECT 1", "", "", " + 1", "").deep(200_000))) {
            assertThat(state(connection.execute(sql))).isEqualTo("54001");
        }
    }

    private static String state(Mono<?> statement) {
        return String.valueOf(statement
                .map(done -> "")
                .onErrorResume(R2dbcException.class, error -> Mono.just(String.valueOf(error.getSqlState())))
                .defaultIfEmpty("")
                .block(PATIENCE));
    }
}
