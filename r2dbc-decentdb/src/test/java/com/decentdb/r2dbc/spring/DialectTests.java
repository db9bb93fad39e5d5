package com.decentdb.r2dbc.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Publisher;
import org.springframework.dao.DataAccessException;
import org.springframework.data.annotation.Id;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.r2dbc.dialect.DialectResolver;
import org.springframework.r2dbc.connection.ConnectionFactoryUtils;
import org.springframework.r2dbc.core.binding.BindMarkersFactoryResolver;
import reactor.core.publisher.Mono;

/** How Spring finds the dialect, and what it makes of errors and upserts. */
class DialectTests {

    @RegisterExtension
    final SpringDatabase spring = new SpringDatabase(Access.FACTORY);

    @Test
    void springFindsItByTheNameOfTheDriver() {
        ConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:mem:///dialect");

        assertThat(DialectResolver.getDialect(factory)).isSameAs(DecentDbDialect.INSTANCE);
        assertThat(BindMarkersFactoryResolver.resolve(factory).create().next().getPlaceholder())
                .isEqualTo("$1");
    }

    @Test
    void otherDriversAreLeftAlone() {
        ConnectionFactory other = new ConnectionFactory() {
            @Override
            public Publisher<? extends Connection> create() {
                return Mono.empty();
            }

            @Override
            public ConnectionFactoryMetadata getMetadata() {
                return () -> "NotDecentDB";
            }
        };

        assertThatThrownBy(() -> DialectResolver.getDialect(other)).hasMessageContaining("NotDecentDB");
        assertThatThrownBy(() -> BindMarkersFactoryResolver.resolve(other)).hasMessageContaining("NotDecentDB");
    }

    @ParameterizedTest
    @CsvSource({
        "23505, DuplicateKeyException",
        "23502, DataIntegrityViolationException",
        "23503, DataIntegrityViolationException",
        "22003, DataIntegrityViolationException",
        "42601, BadSqlGrammarException",
        "0A000, BadSqlGrammarException",
        "40001, CannotAcquireLockException",
        "55P03, QueryTimeoutException",
        "57014, QueryTimeoutException",
        "HYT00, QueryTimeoutException",
        "53000, TransientDataAccessResourceException",
        "08003, DataAccessResourceFailureException",
        "58030, DataAccessResourceFailureException"
    })
    void everySqlStateHasAnExceptionOfSpring(String sqlState, String exception) {
        DataAccessException translated =
                ConnectionFactoryUtils.convertR2dbcException("test", "SELECT 1", Errors.of(sqlState, "no", "SELECT 1"));

        assertThat(translated.getClass().getSimpleName()).isEqualTo(exception);
    }

    /** By reflection, because the lines before Spring Data 4.1 have no upserts. */
    @Test
    void upsertsOfTheEntityTemplate() throws ReflectiveOperationException {
        Optional<Method> upsert = Arrays.stream(R2dbcEntityTemplate.class.getMethods())
                .filter(method -> method.getName().equals("upsert") && method.getReturnType() == Mono.class)
                .findFirst();
        assumeTrue(upsert.isPresent());
        R2dbcEntityTemplate template = spring.bean(R2dbcEntityTemplate.class);
        spring.run("CREATE TABLE stock (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL)");

        for (int amount : new int[] {1, 2}) {
            TestDatabase.await((Publisher<?>) upsert.get().invoke(template, new Stock(7, amount)));
        }

        assertThat(TestDatabase.awaitAll(template.select(Stock.class).all())).containsExactly(new Stock(7, 2));
    }

    record Stock(@Id long id, int amount) {}
}
