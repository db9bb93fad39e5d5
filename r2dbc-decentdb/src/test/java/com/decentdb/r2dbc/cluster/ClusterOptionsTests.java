package com.decentdb.r2dbc.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.cluster.ClusterOptions;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** URLs and options of clusters: what a factory takes, and what it refuses with the name of the option. */
class ClusterOptionsTests {

    private static final String URL = "r2dbc:decentdb:dqlite://db1:9001,db2:9002/app";

    @ParameterizedTest
    @ValueSource(
            strings = {
                URL,
                "r2dbc:decentdb:dqlite://db1:9001/app",
                "r2dbc:decentdb:dqlite://[::1]:9001/app",
                "r2dbc:decentdb:dqlite://%5B::1%5D:9001,%5B::2%5D:9001/app",
                "r2dbc:decentdb:dqlite:///app?nodeStore=cluster.yaml&nodeStoreWrite=true",
                URL
                        + "?failoverTimeout=PT1S&connectTimeout=500&probeTimeout=PT1S&statementTimeout=PT0S&maxReaders=2&groupCommit=false",
                URL
                        + "?addressMap=10.0.0.1:9001=localhost:19001&redirectTo=db*,10.0.0.0/8&serverVersion=1.18.6&watchInterval=50",
                "r2dbcs:decentdb:dqlite://db1:9001/app?sslMode=verify-ca&sslServerName=cluster"
            })
    void urlsOfClustersAreTaken(String url) {
        assertThat(ConnectionFactories.get(url)).isInstanceOf(DecentDbConnectionFactory.class);
        assertThat(ConnectionFactories.get(url).getMetadata().getName()).isEqualTo("dqlite");
    }

    @Test
    void aPoolTakesTheUrlToo() {
        ConnectionPool pool =
                (ConnectionPool) ConnectionFactories.get("r2dbc:pool:decentdb:dqlite://db1:9001,db2:9002/app");

        assertThat(DecentDb.factory(pool).getMetadata().getName()).isEqualTo("dqlite");
        pool.dispose();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "r2dbc:decentdb:dqlite:///app | host",
                "r2dbc:decentdb:dqlite://db1:9001 | database",
                "r2dbc:decentdb:dqlite://db1/app | no port",
                "r2dbc:decentdb:dqlite://db1:9001,db2/app | 'db2' has no port",
                "r2dbc:decentdb:dqlite://db1:9001,db2:99999/app | 99999",
                "r2dbc:decentdb:dqlite://u:p@db1:9001/app | user",
                "r2dbc:decentdb:dqlite://db1:9001/app?nativeLibrary=x | nativeLibrary",
                "r2dbc:decentdb:dqlite://db1:9001/app?mode=open | mode",
                "r2dbc:decentdb:dqlite://db1:9001/app?checkpointIdle=PT1S | checkpointIdle",
                "r2dbc:decentdb:dqlite://db1:9001/app?process_coordination=off | process_coordination",
                "r2dbc:decentdb:dqlite://db1:9001/app?encryption_key=x | encryption_key",
                "r2dbc:decentdb:dqlite://db1:9001/app?failoverTimeout=soon | failoverTimeout",
                "r2dbc:decentdb:dqlite://db1:9001/app?failoverTimeout=0 | failoverTimeout",
                "r2dbc:decentdb:dqlite://db1:9001/a%00pp | 'database' cannot be taken",
                "r2dbc:decentdb:dqlite://db1:9001/:memory: | 'database' cannot be taken",
                "r2dbc:decentdb:dqlite://db1:9001/file:app?mode=memory | mode",
                "r2dbc:decentdb:dqlite://db1:9001/file:app | 'database' cannot be taken",
                "r2dbc:decentdb:dqlite:///app?nodeStore= | nodeStore",
                "r2dbc:decentdb:dqlite://db1:9001/app?probeTimeout=0 | probeTimeout",
                "r2dbc:decentdb:dqlite://db1:9001/app?redirectTo=10.0.0.1/8 | redirectTo",
                "r2dbc:decentdb:dqlite://db1:9001/app?addressMap=a:1 | addressMap",
                "r2dbc:decentdb:dqlite://db1:9001/app?addressMap=a:1=b:1,A:1=c:1 | a:1 twice",
                "r2dbc:decentdb:dqlite://db1:9001/app?serverVersion=new | serverVersion",
                "r2dbc:decentdb:dqlite://db1:9001/app?nodeStoreWrite=true | nodeStoreWrite",
                "r2dbc:decentdb:dqlite://db1:9001/app?sslRootCert=ca.pem | r2dbcs",
                "r2dbcs:decentdb:dqlite://db1:9001/app?sslRootCert=none.pem | sslRootCert",
                "r2dbcs:decentdb:dqlite://db1:9001/app?sslCert=cert.pem | sslKey",
                "r2dbcs:decentdb:dqlite://db1:9001/app?sslMode=none | sslMode"
            })
    void whatIsWrongIsNamed(String url, String named) {
        assertThatThrownBy(() -> ConnectionFactories.get(url))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining(named)
                .extracting(error -> ((R2dbcException) error).getSqlState())
                .isEqualTo("08001");
    }

    @ParameterizedTest
    @CsvSource({"@dqlite, Unix socket", "%zz:9001, 'host'"})
    void aHostThatNoUrlCanNameIsRefusedWithTheReason(String host, String reason) {
        ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbc:decentdb:dqlite:///app")
                .mutate()
                .option(ConnectionFactoryOptions.HOST, host)
                .build();

        assertThatThrownBy(() -> ConnectionFactories.get(options))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void aDatabaseWithANameThatIsTooLongForANodeIsRefused() {
        String url = "r2dbc:decentdb:dqlite://db1:9001/";

        assertThat(ConnectionFactories.get(url + "x".repeat(500))).isNotNull();
        assertThatThrownBy(() -> ConnectionFactories.get(url + "x".repeat(501)))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("500 bytes");
    }

    @Test
    void passwordsOfKeysAreNeverShown(@TempDir Path folder) throws Exception {
        Path cert = Files.writeString(folder.resolve("cert.pem"), "no certificate");
        ConnectionFactoryOptions options = ConnectionFactoryOptions.parse("r2dbcs:decentdb:dqlite://db1:9001/app")
                .mutate()
                .option(ClusterOptions.SSL_CERT, cert.toString())
                .option(ClusterOptions.SSL_KEY, cert.toString())
                .option(ClusterOptions.SSL_KEY_PASSWORD, "secret")
                .build();

        assertThat(options.toString()).doesNotContain("secret");
        assertThatThrownBy(() -> ConnectionFactories.get(options))
                .hasMessageContaining("sslCert")
                .satisfies(error -> assertThat(error.toString()).doesNotContain("secret"));
    }
}
