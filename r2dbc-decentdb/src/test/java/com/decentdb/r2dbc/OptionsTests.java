package com.decentdb.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.decentdb.r2dbc.runtime.DatabaseConfig;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        assertThat(settings(url).database().path()).isEqualTo(path);
    }

    @ParameterizedTest
    @CsvSource({
        "r2dbc:decentdb:mem:///name, name",
        "r2dbc:decentdb:mem://name, name",
    })
    void readsTheNameOfADatabaseInMemory(String url, String name) {
        assertThat(settings(url).database().inMemory()).isTrue();
        assertThat(settings(url).database().name()).isEqualTo(name);
    }

    @Test
    void givesUnnamedDatabasesInMemoryNamesOfTheirOwn() {
        String url = "r2dbc:decentdb:///:memory:";

        assertThat(settings(url).database().name())
                .isNotEqualTo(settings(url).database().name());
    }

    @Test
    void explainsTheSlashesToThoseWhoNameAHost() {
        assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
                .isThrownBy(() -> ConnectionFactories.get("r2dbc:decentdb://data/app.ddb"))
                .withMessageContaining("four slashes")
                .withMessageContaining("r2dbc:decentdb:///data/app.ddb");
    }

    @Test
    void readsOptionsAsText() {
        Settings settings = settings("r2dbc:decentdb:///a.ddb?lockWaitTimeout=PT2S&statementTimeout=1500&maxReaders=3"
                + "&fetchSize=7&writeQueueEnabled=1&writeQueueCapacity=9&mode=open&profile=balanced&linger=0");

        assertThat(settings.lockWait()).isEqualTo(Duration.ofSeconds(2));
        assertThat(settings.statementTimeout()).isEqualTo(Duration.ofMillis(1500));
        assertThat(settings.fetchSize()).isEqualTo(7);
        assertThat(settings.writeQueueEnabled()).isTrue();
        assertThat(settings.database().maxReaders()).isEqualTo(3);
        assertThat(settings.database().queueCapacity()).isEqualTo(9);
        assertThat(settings.database().mode()).isEqualTo(DatabaseConfig.Mode.OPEN);
        assertThat(settings.database().engineOptions()).contains("profile=balanced");
        assertThat(settings.database().linger()).isZero();
    }

    @Test
    void readsOptionsOfTheirOwnTypes() {
        Settings settings = Settings.of(ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "decentdb")
                .option(ConnectionFactoryOptions.DATABASE, "a.ddb")
                .option(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT, Duration.ofMillis(5))
                .option(DecentDbOptions.WRITE_QUEUE_ENABLED, true)
                .option(DecentDbOptions.MAX_READERS, 2)
                .build());

        assertThat(settings.lockWait()).isEqualTo(Duration.ofMillis(5));
        assertThat(settings.writeQueueEnabled()).isTrue();
        assertThat(settings.database().maxReaders()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "maxReaders=many, 'maxReaders', 'many', whole number",
        "maxReaders=0, 'maxReaders', '0', whole number",
        "lockWaitTimeout=soon, 'lockWaitTimeout', 'soon', duration",
        "lockWaitTimeout=-PT1S, 'lockWaitTimeout', '-PT1S', not negative",
        "writeQueueEnabled=perhaps, 'writeQueueEnabled', 'perhaps', true or false",
        "mode=maybe, 'mode', 'maybe', openOrCreate",
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

    @Test
    void toleratesOptionsOfOthers() {
        assertThat(settings("r2dbc:decentdb:///a.ddb?somebodyElses=1&connectTimeout=PT1S")
                        .fetchSize())
                .isPositive();
    }

    @Test
    void neverShowsAKey() {
        ConnectionFactoryOptions options = ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "decentdb")
                .option(ConnectionFactoryOptions.DATABASE, "a.ddb")
                .option(Option.sensitiveValueOf("encryption_key"), "hush hush")
                .build();

        assertThatExceptionOfType(R2dbcNonTransientResourceException.class)
                .isThrownBy(() -> DecentDb.factory(options))
                .matches(error -> !String.valueOf(error.getMessage()).contains("hush"));
        assertThat(DecentDb.factory("r2dbc:decentdb:///a.ddb?encryption_key=hush")
                        .toString())
                .doesNotContain("hush");
    }

    private static Settings settings(String url) {
        return Settings.of(ConnectionFactoryOptions.parse(url));
    }
}
