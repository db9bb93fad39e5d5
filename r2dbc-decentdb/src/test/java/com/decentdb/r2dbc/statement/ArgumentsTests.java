package com.decentdb.r2dbc.statement;

import static com.decentdb.r2dbc.TestDatabase.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Arguments that cannot be meant are refused by name. */
class ArgumentsTests {

    private static final String INSERT = "INSERT INTO t (id) VALUES ($1)";
    private static final String QUERY = "SELECT id FROM t WHERE id = $1";

    private final DecentDbConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:mem:///arguments");
    private final DecentDbConnection connection = TestDatabase.awaitValue(factory.create());

    @AfterEach
    void close() {
        TestDatabase.await(connection.close().then(factory.close()));
    }

    @TestFactory
    Stream<DynamicTest> nullIsRefusedWithTheNameOfTheArgument() {
        return Stream.of(
                refused("name of a table", () -> connection.watchTable(TestDatabase.<String>nothing())),
                refused("array of tables", () -> connection.watchTable(TestDatabase.<String[]>nothing())),
                refused("name of a table", () -> connection.changeStream("t", nothing())),
                refused("name of a table", () -> factory.changeStream(TestDatabase.<String>nothing())),
                refused("name of a table", () -> connection.watchRange(nothing(), 1, 2)),
                refused("minimum interval", () -> connection.liveQuery(QUERY, 1).minInterval(nothing())),
                refused("name of a table", () -> connection.liveQuery(QUERY, 1).dependingOn(nothing(), 1, 2)),
                refused("mapping of rows", () -> connection.liveQuery(QUERY, 1).map(nothing())),
                refused("function of keys", () -> connection.liveQuery(QUERY, 1).changes(row -> row, nothing())),
                refused("array of arguments", () -> connection.liveQuery(QUERY, TestDatabase.<Object[]>nothing())),
                refused(
                        "array of arguments",
                        () -> run(connection.watchQuery(QUERY, TestDatabase.<Object[]>nothing()))),
                refused("array of arguments", () -> run(connection.fetch(QUERY, TestDatabase.<Object[]>nothing()))),
                refused(
                        "array of arguments",
                        () -> run(connection.fetchLists(QUERY, TestDatabase.<Object[]>nothing()))),
                refused("array of arguments", () -> run(connection.execute(INSERT, TestDatabase.<Object[]>nothing()))),
                refused(
                        "array of arguments",
                        () -> run(connection.executeQueued(INSERT, TestDatabase.<Object[]>nothing()))),
                refused("type", () -> connection.fetchValue(QUERY, nothing(), 1)),
                refused(
                        "publisher of arguments",
                        () -> connection.executeQueued(INSERT, TestDatabase.<Publisher<Object[]>>nothing())),
                refused("publisher of arguments", () -> connection.executeQueuedEach(INSERT, nothing())),
                refused("work", () -> connection.inTransaction(nothing())),
                refused("path", () -> connection.saveAs(nothing())));
    }

    private static DynamicTest refused(String argument, ThrowingCallable call) {
        return DynamicTest.dynamicTest(
                argument,
                () -> assertThatIllegalArgumentException()
                        .isThrownBy(call)
                        .withMessageContaining(argument)
                        .withMessageContaining("must not be null"));
    }

    private static void run(Publisher<?> publisher) {
        Flux.from(publisher).blockLast(TestDatabase.PATIENCE);
    }

    @Test
    void aStreamThatTheCompilerTookForOneArgumentIsRefusedWithTheRemedy() {
        Flux<Object> spread = Flux.just(new Object[] {1, 2});

        StepVerifier.create(connection.executeQueued(INSERT, spread))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("Flux<Object[]>")
                        .hasMessageContaining("cannot be bound"))
                .verify(TestDatabase.PATIENCE);
    }

    @Test
    void parametersAndArgumentsAreCountedInEnglish() {
        StepVerifier.create(connection.execute(INSERT))
                .expectErrorMessage("The statement has 1 parameter, but 0 arguments were given")
                .verify(TestDatabase.PATIENCE);
        StepVerifier.create(connection.execute("INSERT INTO t VALUES ($1, $2)", 1))
                .expectErrorMessage("The statement has 2 parameters, but 1 argument was given")
                .verify(TestDatabase.PATIENCE);
    }
}
