package com.decentdb.r2dbc.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.ConnectionFactoryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionNamesTests {

    @ParameterizedTest
    @CsvSource({
        "lockWaitTimout, lockWaitTimeout",
        "lockwaittimeout, lockWaitTimeout",
        "lock-wait-timeout, lockWaitTimeout",
        "lock_wait_timeout, lockWaitTimeout",
        "LOCKWAITTIMEOUT, lockWaitTimeout",
        "lock_wait_timout, lockWaitTimeout",
        "maxsize, maxSize",
        "max_size, maxSize",
        "minsize, minSize",
        "aquireTimeout, acquireTimeout",
        "create_directories, createDirectories",
        "createDirectory, createDirectories",
        "max-readers, maxReaders",
        "statment_timeout, statementTimeout",
        "maxReader, maxReaders",
        "fetchsize, fetchSize",
        "fecthSize, fetchSize",
        "Mode, mode",
        "lingr, linger",
        "nativelibary, nativeLibrary",
        "cacheSize, cache_size",
        "syncronous, synchronous",
        "pasword, password",
        "encryptionKey, encryption_key",
    })
    void findsTheNameThatWasMeant(String written, String meant) {
        assertThat(OptionNames.meantBy(written)).isEqualTo(meant);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lockWaitTimeout",
                "cache_size",
                "tde_key",
                "user",
                "driver",
                "protocol",
                "host",
                "port",
                "ssl",
                "minSize",
                "maxSize",
                "acquireTimeout",
                "maxIdleTime",
                "initialSize",
                "maxLifeTime",
                "node",
                "schema",
                "code",
                "applicationName",
                "somebodyElses"
            })
    void leavesNamesAloneThatAreKnownOrSomethingElse(String name) {
        assertThat(OptionNames.meantBy(name)).isNull();
    }

    @Test
    void seesEveryNameAmongTheOptions() {
        assertThat(OptionNames.of(ConnectionFactoryOptions.parse("r2dbc:decentdb:mem:///x?lockWaitTimout=PT1S")))
                .containsExactlyInAnyOrder("driver", "protocol", "database", "lockWaitTimout");
    }
}
