package com.decentdb.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.decentdb.r2dbc.api.DecentDbOptions;
import com.decentdb.r2dbc.embedded.open.EmbeddedConfig;
import com.decentdb.r2dbc.embedded.open.EmbeddedOptions;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.ParameterStyle;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.test.StepVerifier;

class OptionsTests {

    @ParameterizedTest
    @CsvSource({
        "r2dbc:decentdb:////var/lib/app.ddb, /var/lib/app.ddb",
        "r2dbc:decentdb:///var/lib/app.ddb, var/lib/app.ddb",
        "r2dbc:decentdb:file:////var/lib/app.ddb, /var/lib/app.ddb",
        "r2dbc:decentdb:///./data/app.ddb, ./data/app.ddb",
        "r2dbc:decentdb:///my%20dir/a%2Bb.ddb, my dir/a+b.ddb",
    })
    void readsThePathFromTheUrl(String url, Path path) {
        assertThat(database(url).path()).isEqualTo(path);
    }

    @ParameterizedTest
    @CsvSource({
        "r2dbc:decentdb:mem:///name, name",
        "r2dbc:decentdb:mem://name, name",
    })
    void readsTheNameOfADatabaseInMemory(String url, String name) {
        assertThat(database(url).inMemory()).isTrue();
        assertThat(database(url).name()).isEqualTo(name);
    }

    @Test
    void givesUnnamedDatabasesInMemoryNamesOfTheirOwn() {
        String url = "r2dbc:decentdb:///:memory:";

        assertThat(database(url).name()).isNotEqualTo(database(url).name());
    }

    @Test
    void explainsTheSlashesToThoseWhoNameAHost() {
        assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
                .isThrownBy(() -> ConnectionFactories.get("r2dbc:decentdb://data/app.ddb"))
                .withMessageContaining("four slashes")
                .withMessageContaining("r2dbc:decentdb:///data/app.ddb");
    }

    @ParameterizedTest
    @CsvSource({
        "r2dbc:decentdb:mem://a/b, r2dbc:decentdb:mem://a/.., r2dbc:decentdb:mem:///a/b",
        "r2dbc:decentdb:file://a/b, r2dbc:decentdb:file://a/.., r2dbc:decentdb:///a/b",
    })
    void repeatsTheProtocolToThoseWhoNameAHost(String url, String shown, String right) {
        assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
                .isThrownBy(() -> DecentDb.factory(url))
                .withMessageContaining(shown)
                .withMessageContaining(right);
        assertThat(DecentDb.factory(right).toString()).contains("a/b");
    }

    @ParameterizedTest
    @CsvSource({
        "r2dbc:h2:mem:///x, 'h2', another driver",
        "r2dbc:pool:h2:mem:///x, 'pool', another driver",
        "r2dbc:pool:decentdb:mem:///x, 'pool', DecentDb.createPool",
        "r2dbc:pool:decentdb:mem:///x, 'pool', r2dbc:pool:decentdb:mem:.. to ConnectionFactories.get",
        "r2dbc:proxy:decentdb:///x, 'proxy', ConnectionFactories.get",
    })
    void refusesTheUrlOfAnotherDriver(String url, String driver, String remedy) {
        StepVerifier.create(DecentDb.connect(url))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcNonTransientResourceException.class)
                        .hasMessageContaining(driver)
                        .hasMessageContaining(remedy))
                .verify();
        assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
                .isThrownBy(() -> DecentDb.createPool(url))
                .withMessageContaining(driver);
    }

    @Test
    void readsOptionsAsText() {
        String url = "r2dbc:decentdb:///a.ddb?lockWaitTimeout=PT2S&statementTimeout=1500&maxReaders=3"
                + "&fetchSize=7&writeQueueEnabled=1&writeQueueCapacity=9&mode=open&profile=balanced&linger=0&connectTimeout=PT3S&parameterStyle=jdbc";
        SessionSettings settings = settings(url);
        EmbeddedConfig database = database(url);

        assertThat(settings.lockWait()).isEqualTo(Duration.ofSeconds(2));
        assertThat(settings.statementTimeout()).isEqualTo(Duration.ofMillis(1500));
        assertThat(settings.fetchSize()).isEqualTo(7);
        assertThat(settings.writeQueueEnabled()).isTrue();
        assertThat(database.maxReaders()).isEqualTo(3);
        assertThat(database.queueCapacity()).isEqualTo(9);
        assertThat(database.mode()).isEqualTo(EmbeddedConfig.Mode.OPEN);
        assertThat(database.engineOptions()).contains("profile=balanced");
        assertThat(database.linger()).isZero();
        assertThat(settings.connectTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(settings.parameterStyle()).isEqualTo(ParameterStyle.JDBC);
    }

    @Test
    void readsOptionsOfTheirOwnTypes() {
        ConnectionFactoryOptions options = ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "decentdb")
                .option(ConnectionFactoryOptions.DATABASE, "a.ddb")
                .option(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT, Duration.ofMillis(5))
                .option(DecentDbOptions.WRITE_QUEUE_ENABLED, true)
                .option(DecentDbOptions.MAX_READERS, 2)
                .build();
        SessionSettings settings = SessionSettings.of(options, Duration.ZERO, false);

        assertThat(settings.lockWait()).isEqualTo(Duration.ofMillis(5));
        assertThat(settings.writeQueueEnabled()).isTrue();
        assertThat(EmbeddedOptions.of(options).maxReaders()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "maxReaders=many, 'maxReaders', 'many', whole number",
        "maxReaders=0, 'maxReaders', '0', whole number",
        "lockWaitTimeout=soon, 'lockWaitTimeout', 'soon', duration",
        "lockWaitTimeout=-PT1S, 'lockWaitTimeout', '-PT1S', not negative",
        "writeQueueEnabled=perhaps, 'writeQueueEnabled', 'perhaps', true or false",
        "mode=maybe, 'mode', 'maybe', openOrCreate",
        "parameterStyle=odd, 'parameterStyle', 'odd', 'native, jdbc or named'",
        "profile=a%20b, 'profile', 'a b', blanks",
    })
    void namesTheOptionTheValueAndWhatWouldDo(String query, String option, String value, String expected) {
        assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
                .isThrownBy(() -> ConnectionFactories.get("r2dbc:decentdb:///a.ddb?" + query))
                .withMessageContaining(option)
                .withMessageContaining(value)
                .withMessageContaining(expected)
                .matches(error -> "08001".equals(error.getSqlState()));
    }

    @ParameterizedTest
    @CsvSource({
        "r2dbc:decentdb:///app.ddb?nodeStore=/etc/app/cluster.yaml, nodeStore",
        "r2dbc:decentdb:mem:///app?failoverTimeout=PT5S, failoverTimeout",
        "r2dbcs:decentdb:///app.ddb, ssl"
    })
    void refusesOptionsOfAClusterForADatabaseInThisProcess(String url, String option) {
        assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
                .isThrownBy(() -> ConnectionFactories.get(url))
                .withMessageContaining("'" + option + "'")
                .withMessageContaining("this database is in this process")
                .matches(error -> "08001".equals(error.getSqlState()));
    }

    @Test
    void toleratesOptionsOfOthers() {
        assertThat(settings("r2dbc:decentdb:///a.ddb?somebodyElses=1&connectTimeout=PT1S")
                        .fetchSize())
                .isPositive();
    }

    @Test
    void neverShowsAKey() {
        ConnectionFactoryOptions wrong =
                options().option(DecentDbOptions.ENCRYPTION_KEY_HEX, "hush").build();

        assertThat(wrong.toString()).doesNotContain("hush");
        assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
                .isThrownBy(() -> DecentDb.factory(wrong))
                .withMessageContaining("encryption_key_hex")
                .withMessageContaining("hexadecimal")
                .matches(error -> !String.valueOf(error.getMessage()).contains("hush"));
        String url = "r2dbc:decentdb:///a.ddb?encryption_key=hush";
        assertThat(DecentDb.factory(url).toString()).doesNotContain("hush");
        assertThat(database(url).toString()).doesNotContain("hush").doesNotContain("68757368");
    }

    @Test
    void takesTheKeyFromThePasswordOrASupplierWhateverItsCharacters() {
        String key = "encryption_key_hex=6120623be29c93";
        Option<Object> password = Option.valueOf("password");

        assertThat(options().option(ConnectionFactoryOptions.PASSWORD, "a b;✓").build())
                .satisfies(options ->
                        assertThat(EmbeddedOptions.of(options).engineOptions()).contains(key));
        assertThat(options().option(password, (Supplier<String>) () -> "a b;✓").build())
                .satisfies(options ->
                        assertThat(EmbeddedOptions.of(options).engineOptions()).contains(key));
        assertThat(options().option(ConnectionFactoryOptions.PASSWORD, "").build())
                .satisfies(options ->
                        assertThat(EmbeddedOptions.of(options).engineOptions()).doesNotContain("key"));
    }

    @Test
    void refusesTwoKeys() {
        ConnectionFactoryOptions options = options()
                .option(DecentDbOptions.ENCRYPTION_KEY, "hush")
                .option(ConnectionFactoryOptions.PASSWORD, "psst")
                .build();

        assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
                .isThrownBy(() -> EmbeddedOptions.of(options))
                .withMessageContaining("encryption_key")
                .withMessageContaining("password")
                .matches(error -> !String.valueOf(error.getMessage()).matches(".*(hush|psst).*"));
    }

    private static ConnectionFactoryOptions.Builder options() {
        return ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "decentdb")
                .option(ConnectionFactoryOptions.DATABASE, "a.ddb");
    }

    private static SessionSettings settings(String url) {
        return SessionSettings.of(ConnectionFactoryOptions.parse(url), Duration.ZERO, false);
    }

    private static EmbeddedConfig database(String url) {
        return EmbeddedOptions.of(ConnectionFactoryOptions.parse(url));
    }
}
