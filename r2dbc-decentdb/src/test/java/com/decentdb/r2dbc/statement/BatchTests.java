package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.connection.DefaultStatement;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.Result;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** One statement with many lists of arguments. */
class BatchTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void createTable() {
        await(database.connect().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"));
    }

    /** One row of plain values takes the shortest way to the engine; the others need executions of their own. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t VALUES ($1, $2)",
                "INSERT INTO t (name, id) VALUES (upper($2), $1 + 0)",
                "INSERT INTO t VALUES ($1, $2) ON CONFLICT DO NOTHING",
                "INSERT INTO t SELECT $1, $2",
                "INSERT INTO t VALUES ($1, $2), ($1 + 10000, $2)",
            })
    void everyListOfArgumentsHasAResultOfItsOwn(String sql) {
        int lists = 2_500;
        DefaultStatement statement = statement(sql);
        for (int i = 0; i < lists; i++) {
            (i == 0 ? statement : statement.add()).bind(0, i).bind(1, "näme " + i);
        }

        List<Long> counts = Flux.from(statement.execute())
                .concatMap(Result::getRowsUpdated)
                .collectList()
                .block();

        long each = sql.contains("10000") ? 2 : 1;
        assertThat(counts).hasSize(lists).containsOnly(each);
        assertThat(awaitValue(database.connect().fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isEqualTo(lists * each);
        assertThat(awaitValue(database.connect().fetchValue("SELECT name FROM t WHERE id = 1234", String.class)))
                .isEqualToIgnoringCase("näme 1234");
    }

    @Test
    void valuesAndNullsMayBeMixedInOneStatement() {
        DefaultStatement statement = statement("INSERT INTO t VALUES ($1, $2)")
                .bind(0, 1)
                .bind(1, "one")
                .add()
                .bind(0, 2)
                .bindNull(1, String.class)
                .add()
                .bind(0, 3)
                .bind(1, "three");

        assertThat(Flux.from(statement.execute())
                        .concatMap(Result::getRowsUpdated)
                        .collectList()
                        .block())
                .containsExactly(1L, 1L, 1L);
        assertThat(awaitValue(database.connect().fetchValue("SELECT SUM(id) FROM t", Long.class)))
                .isEqualTo(6);
    }

    @Test
    void severalListsOfArgumentsAreInsertedTogetherOrNotAtAll() {
        DefaultStatement statement = statement("INSERT INTO t VALUES ($1, $2)");
        for (int i = 0; i < 100; i++) {
            (i == 0 ? statement : statement.add()).bind(0, i == 99 ? 50 : i).bind(1, "row");
        }

        StepVerifier.create(Flux.from(statement.execute()).concatMap(Result::getRowsUpdated))
                .verifyError(R2dbcDataIntegrityViolationException.class);
        assertThat(awaitValue(database.connect().fetchValue("SELECT COUNT(*) FROM t", Long.class)))
                .isZero();
    }

    @Test
    void laterBindingDoesNotChangeWhatIsExecuted() {
        DefaultStatement statement =
                statement("INSERT INTO t VALUES ($1, $2)").bind(0, 1).bind(1, "one");
        Flux<Result> first = statement.execute();
        Flux<Result> second = statement.bind(0, 2).execute();
        Flux<Result> both =
                statement.bind(0, 3).add().bind(0, 4).bind(1, "four").execute();
        statement.bind(0, 5).bind(1, "five");
        await(Flux.concat(first, second, both).concatMap(Result::getRowsUpdated));

        assertThat(awaitAll(database.connect().fetchLists("SELECT id, name FROM t ORDER BY id")))
                .containsExactly(List.of(1L, "one"), List.of(2L, "one"), List.of(3L, "one"), List.of(4L, "four"));
    }

    private DefaultStatement statement(String sql) {
        return (DefaultStatement) database.connect().createStatement(sql);
    }
}
