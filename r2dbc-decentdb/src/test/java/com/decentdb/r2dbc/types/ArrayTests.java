package com.decentdb.r2dbc.types;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Collections and arrays as arguments of {@code ANY} and {@code ALL}. */
class ArrayTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void onlyTheBundledEngine() {
        assumeTrue(database.bundled(), "DecentDB compares ANY and ALL with queries alone");
    }

    static List<Arguments> values() {
        UUID uuid = UUID.fromString("00000000-0000-0000-0000-000000000001");
        return List.of(
                Arguments.of("INTEGER", List.of(1L, Long.MAX_VALUE), 2L),
                Arguments.of("TEXT", List.of("a\"\\\n", "ß, {b}"), "c"),
                Arguments.of("BOOLEAN", List.of(true), false),
                Arguments.of("FLOAT64", List.of(0.1, 1e300), 0.2),
                Arguments.of("DECIMAL(18,6)", List.of(new BigDecimal("0.1"), new BigDecimal("123456789012.000001")), 2),
                Arguments.of("UUID", List.of(uuid), UUID.randomUUID()),
                Arguments.of("DATE", List.of(LocalDate.EPOCH), LocalDate.MAX.withYear(2000)),
                Arguments.of("TIME", List.of(LocalTime.MIDNIGHT, LocalTime.of(1, 2, 3, 4000)), LocalTime.NOON),
                Arguments.of("TIMESTAMP", List.of(LocalDateTime.of(2024, 1, 1, 0, 0)), LocalDateTime.of(1, 1, 1, 1, 1)),
                Arguments.of("TIMESTAMPTZ", List.of(Instant.parse("2024-01-01T00:00:00.000001Z")), Instant.EPOCH));
    }

    @ParameterizedTest
    @MethodSource("values")
    void anyFindsTheMembersAndAllTheOthers(String type, List<Object> members, Object other) {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v " + type + ")"));
        for (Object member : members) {
            await(connection.execute("INSERT INTO t (v) VALUES ($1)", member));
        }
        await(connection.execute("INSERT INTO t (id, v) VALUES (99, $1)", other));

        assertThat(ids(connection, "SELECT id FROM t WHERE v = ANY($1) ORDER BY id", members))
                .hasSameSizeAs(members)
                .doesNotContain(99L);
        assertThat(ids(connection, "SELECT id FROM t WHERE v = ANY($1) ORDER BY id", members.toArray()))
                .hasSameSizeAs(members);
        assertThat(ids(connection, "SELECT id FROM t WHERE v <> ALL($1)", members))
                .containsExactly(99L);
    }

    @Test
    void anArrayMayBeEmptyPrimitiveOrHoldNull() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)"));
        await(connection.execute("INSERT INTO t VALUES (1), (2), (3)"));

        assertThat(ids(connection, "SELECT id FROM t WHERE id = ANY($1)", List.of()))
                .isEmpty();
        assertThat(ids(connection, "SELECT id FROM t WHERE id <> ALL($1)", List.of()))
                .hasSize(3);
        assertThat(ids(connection, "SELECT id FROM t WHERE id = ANY($1)", new int[] {3, 1}))
                .containsExactly(1L, 3L);
        assertThat(ids(connection, "SELECT id FROM t WHERE id = ANY($1)", Arrays.asList(2L, null)))
                .containsExactly(2L);
        assertThat(ids(connection, "SELECT id FROM t WHERE id <> ALL($1)", Arrays.asList(2L, null)))
                .isEmpty();
        assertThat(ids(connection, "SELECT id FROM t WHERE id > ALL($1)", List.of(1, 2)))
                .containsExactly(3L);
    }

    @Test
    void bytesCannotBeMembers() {
        var statement = database.connect().createStatement("SELECT 1 WHERE $1 = ANY($2)");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> statement.bind(1, List.of(new byte[1])))
                .withMessageContaining("cannot be a member of an array");
    }

    @Test
    void collectionsCannotBeMembers() {
        var statement = database.connect().createStatement("SELECT 1 WHERE $1 = ANY($2)");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> statement.bind(1, List.of(List.of(1))))
                .withMessageContaining("A collection cannot be a member of an array");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1 WHERE 'a' IN ($1)",
                "SELECT 1 WHERE 'a' NOT IN ('b', $1, 'c')",
                "SELECT 1 WHERE 'a' IN (upper('b'), $1)"
            })
    void aCollectionIsNoValueOfIn(String sql) {
        DecentDbConnection connection = database.connect();
        var statement = connection.createStatement(sql);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> statement.bind(0, List.of("a")))
                .withMessageStartingWith(
                        "$1 stands for one value of IN (..) and cannot be a collection; write = ANY(..)");
        assertThatIllegalArgumentException().isThrownBy(() -> statement.bind("$1", Parameters.in(new int[1])));
        StepVerifier.create(connection.execute(sql, (Object) new String[] {"a"}))
                .verifyError(IllegalArgumentException.class);
        statement.bind(0, "a");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1 WHERE 1 IN (1) AND 1 = ANY($1)",
                "SELECT 1 WHERE 1 IN (SELECT 1 WHERE 1 = ANY($1))",
                "SELECT 1 WHERE 1 IN (WITH w AS (SELECT 1) SELECT 1 WHERE 1 = ANY($1))"
            })
    void aCollectionBehindOrWithinAnInIsTaken(String sql) {
        StepVerifier.create(database.connect().fetchValue(sql, Long.class, List.of(1)))
                .expectNext(1L)
                .verifyComplete();
    }

    @Test
    void aTextWithTheCharacterZeroIsRefused() {
        Flux.from(database.connect().execute("SELECT $1", "a\0b"))
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                R2dbcDataIntegrityViolationException.class,
                                e -> assertThat(e.getSqlState()).isEqualTo("22021")));
    }

    private static List<Long> ids(DecentDbConnection connection, String sql, Object members) {
        return awaitAll(Flux.from(
                        connection.createStatement(sql).bind(0, members).execute())
                .concatMap(result -> result.map(row -> requireNonNull(row.get(0, Long.class)))));
    }
}
