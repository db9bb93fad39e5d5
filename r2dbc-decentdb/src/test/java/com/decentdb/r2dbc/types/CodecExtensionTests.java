package com.decentdb.r2dbc.types;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.types.MoneyExtension.Coins;
import com.decentdb.r2dbc.types.MoneyExtension.Money;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.test.StepVerifier;

/** A class of the application, which {@link MoneyExtension} adds to the driver. */
class CodecExtensionTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void createTable() {
        connection = database.connect();
        await(connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, price DECIMAL(10,2), name TEXT)"));
    }

    @Test
    void isBoundAndReadLikeAnyOther() {
        Money price = new Coins(new BigDecimal("12.30"));
        await(connection.execute("INSERT INTO item VALUES (1, $1, 'a')", price));
        awaitAll(connection.executeQueued("INSERT INTO item VALUES (2, $1, 'b')", price));

        assertThat(awaitAll(connection.fetchAll("SELECT price FROM item WHERE price = $1", price)))
                .containsOnly(List.of(new BigDecimal("12.30")))
                .hasSize(2);
        assertThat(awaitValue(connection.fetchValue("SELECT price FROM item WHERE id = 1", Money.class)))
                .isEqualTo(price);
        connection
                .watchQuery("SELECT id FROM item WHERE price = $1", price)
                .as(StepVerifier::create)
                .expectNextCount(1)
                .thenCancel()
                .verify(TestDatabase.PATIENCE);
    }

    @Test
    void isNullForNull() {
        await(connection.execute("INSERT INTO item (id) VALUES (1)"));

        connection
                .fetchValue("SELECT price FROM item", Money.class)
                .as(StepVerifier::create)
                .verifyComplete();
    }

    @Test
    void keepsTheBoundsOfTheClassThatStandsForIt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connection.createStatement("SELECT $1").bind(0, new Coins(BigDecimal.TEN.pow(30))))
                .withMessageContaining("Money")
                .withMessageContaining("18 digits");
        await(connection.execute("INSERT INTO item VALUES (1, 1, 'a')"));
        connection
                .fetchValue("SELECT name FROM item", Money.class)
                .as(StepVerifier::create)
                .verifyError(R2dbcDataIntegrityViolationException.class);
    }

    @Test
    void isNamedWhenItFails() {
        await(connection.execute("INSERT INTO item VALUES (1, -1, 'a')"));

        connection
                .fetchValue("SELECT price FROM item", Money.class)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcDataIntegrityViolationException.class)
                        .hasMessageContaining("'price'")
                        .hasMessageContaining(MoneyExtension.class.getName())
                        .hasMessageContaining("no money below zero"));
    }
}
