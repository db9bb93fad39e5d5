package com.decentdb.r2dbc.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.r2dbc.BadSqlGrammarException;
import org.springframework.r2dbc.connection.init.ConnectionFactoryInitializer;
import org.springframework.r2dbc.connection.init.ResourceDatabasePopulator;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** {@code DatabaseClient} and scripts, made from a connection factory alone, as Spring without Spring Data does. */
@ParameterizedClass
@EnumSource(Access.class)
class DatabaseClientTests {

    @RegisterExtension
    final SpringDatabase spring;

    DatabaseClientTests(Access access) {
        spring = new SpringDatabase(access);
    }

    @BeforeEach
    void createTable() {
        spring.run(
                "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, price DECIMAL(8,2), code UUID)");
    }

    @Test
    void namedParametersBecomeNumberedOnes() {
        UUID code = UUID.randomUUID();
        client().sql("INSERT INTO item (name, price, code) VALUES (:name, :price, :code)")
                .bind("name", "kettle")
                .bind("code", code)
                .bindNull("price", Double.class)
                .fetch()
                .rowsUpdated()
                .as(StepVerifier::create)
                .expectNext(1L)
                .verifyComplete();

        client().sql("SELECT name FROM item WHERE code = :code AND price IS NULL AND (name = :name OR name = :name)")
                .bind("name", "kettle")
                .bind("code", code)
                .mapValue(String.class)
                .all()
                .as(StepVerifier::create)
                .expectNext("kettle")
                .verifyComplete();
    }

    @Test
    void aCollectionBecomesAListOfParameters() {
        spring.run("INSERT INTO item (name) VALUES ('tea'), ('cup'), ('pot')");

        client().sql("SELECT name FROM item WHERE name IN (:names) ORDER BY id")
                .bind("names", List.of("pot", "tea", "none"))
                .mapValue(String.class)
                .all()
                .as(StepVerifier::create)
                .expectNext("tea", "pot")
                .verifyComplete();
    }

    @Test
    void numberedParametersAreLeftAsTheyAre() {
        client().sql("INSERT INTO item (name, price) VALUES ($1, $2)")
                .bind(0, "tea")
                .bind("$2", 4)
                .then()
                .thenMany(client().sql("SELECT name, price FROM item")
                        .map(row -> row.get("name") + " " + row.get("price"))
                        .all())
                .as(StepVerifier::create)
                .assertNext(row -> assertThat(row).startsWith("tea 4"))
                .verifyComplete();
    }

    @Test
    void generatedKeysAreReturned() {
        client().sql("INSERT INTO item (name) VALUES (:first), (:second)")
                .filter(statement -> statement.returnGeneratedValues("id"))
                .bind("first", "tea")
                .bind("second", "cup")
                .map(row -> row.get("id", Integer.class))
                .all()
                .collectList()
                .as(StepVerifier::create)
                // Older nodes of a cluster report the key of the last row alone.
                .expectNext(spring.returnsRows() ? List.of(1, 2) : List.of(2))
                .verifyComplete();
    }

    @Test
    void aBatchRunsOnOneConnection() {
        client().inConnectionMany(connection -> {
                    Statement statement = connection.createStatement("INSERT INTO item (name) VALUES ($1)");
                    for (int i = 1; i < 100; i++) {
                        statement.bind("$1", "item " + i).add();
                    }
                    return Flux.from(statement.bind("$1", "item 100").execute()).concatMap(Result::getRowsUpdated);
                })
                .reduce(Long::sum)
                .as(StepVerifier::create)
                .expectNext(100L)
                .verifyComplete();

        client().inConnection(connection -> Flux.from(connection
                                .createBatch()
                                .add("UPDATE item SET price = 1")
                                .add("DELETE FROM item WHERE id > 10")
                                .execute())
                        .concatMap(Result::getRowsUpdated)
                        .collectList())
                .as(StepVerifier::create)
                .expectNext(List.of(100L, 90L))
                .verifyComplete();
    }

    @Test
    void errorsAreThoseOfSpring() {
        spring.run("INSERT INTO item (name) VALUES ('tea')");

        expect("INSERT INTO item (name) VALUES ('tea')", DuplicateKeyException.class, "23505");
        expect("INSERT INTO item (id, name) VALUES (1, 'cup')", DuplicateKeyException.class, "23505");
        expect("INSERT INTO item (name) VALUES (NULL)", DataIntegrityViolationException.class, "23502");
        expect("SELEKT 1", BadSqlGrammarException.class, "42601");
        expect("SELECT * FROM absent", BadSqlGrammarException.class, "42P01");
    }

    @Test
    void aMissingParameterIsAnErrorOfUse() {
        client().sql("SELECT :a")
                .fetch()
                .all()
                .as(StepVerifier::create)
                .verifyError(InvalidDataAccessApiUsageException.class);
    }

    @Test
    void scriptsInitializeTheDatabase() {
        ConnectionFactoryInitializer initializer = new ConnectionFactoryInitializer();
        initializer.setConnectionFactory(spring.factory());
        initializer.setDatabasePopulator(script("""
                -- a comment; with a semicolon
                CREATE TABLE shelf (id INTEGER PRIMARY KEY, label TEXT NOT NULL);
                INSERT INTO shelf (label) VALUES ('a;b'), ('it''s');
                CREATE INDEX shelf_label ON shelf (label);
                SELECT count(*) FROM shelf;
                """));
        initializer.setDatabaseCleaner(script("DROP TABLE shelf"));

        initializer.afterPropertiesSet();
        spring.number("SELECT count(*) FROM shelf WHERE label IN ('a;b', 'it''s')")
                .as(StepVerifier::create)
                .expectNext(2L)
                .verifyComplete();

        initializer.destroy();
        expect("SELECT * FROM shelf", BadSqlGrammarException.class, "42P01");
    }

    private DatabaseClient client() {
        return DatabaseClient.create(spring.factory());
    }

    private static ResourceDatabasePopulator script(String sql) {
        return new ResourceDatabasePopulator(new ByteArrayResource(sql.getBytes(UTF_8)));
    }

    private void expect(String sql, Class<? extends DataAccessException> type, String sqlState) {
        client().sql(sql).fetch().all().as(StepVerifier::create).verifyErrorSatisfies(error -> {
            assertThat(error).isInstanceOf(type).hasCauseInstanceOf(R2dbcException.class);
            R2dbcException cause = (R2dbcException) requireNonNull(error.getCause());
            assertThat(cause.getSqlState()).isEqualTo(sqlState);
            assertThat(cause.getSql()).isEqualTo(sql);
        });
    }
}
