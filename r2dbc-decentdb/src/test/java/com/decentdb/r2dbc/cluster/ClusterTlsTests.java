package com.decentdb.r2dbc.cluster;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import com.decentdb.r2dbc.cluster.nodes.RealNode;
import com.decentdb.r2dbc.cluster.nodes.TlsProxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import reactor.test.StepVerifier;

/** A cluster whose nodes are reached through TLS that demands a certificate, as go-dqlite's are. */
class ClusterTlsTests {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    @TempDir
    private Path folder;

    private final List<TlsProxy> proxies = new ArrayList<>();
    private TlsProxy.Identity identity;

    @BeforeEach
    void begin() throws Exception {
        identity = TlsProxy.Identity.create(folder, "cluster.test");
        for (RealNode node : CLUSTER.nodes()) {
            proxies.add(TlsProxy.start(node.address(), identity));
        }
    }

    @AfterEach
    void end() {
        proxies.forEach(TlsProxy::close);
    }

    private String url(String options) {
        List<String> addresses = proxies.stream().map(TlsProxy::address).toList();
        List<String> map = new ArrayList<>();
        for (int i = 0; i < addresses.size(); i++) {
            map.add(CLUSTER.addresses().get(i) + "=" + addresses.get(i));
        }
        return "r2dbcs:decentdb:dqlite://" + String.join(",", addresses) + "/" + CLUSTER.database() + "?addressMap="
                + String.join(",", map) + "&failoverTimeout=PT5S&" + options;
    }

    private String files() {
        return "sslRootCert=" + identity.cert() + "&sslCert=" + identity.cert() + "&sslKey=" + identity.key();
    }

    @Test
    void statementsAndLargeResultsPass() {
        DecentDbConnectionFactory factory = DecentDb.factory(url(files() + "&sslServerName=cluster.test"));
        DecentDbConnection connection = awaitValue(factory.create());
        await(connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"));
        await(
                connection.execute(
                        "INSERT INTO item WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, 'name ' || i FROM n"));

        assertThat(awaitValue(connection.fetchLists("SELECT * FROM item").count()))
                .isEqualTo(20_000);
        await(connection.close());
        await(factory.close());
    }

    @Test
    void aCertificateOfAnotherNameIsRefused() {
        expectTlsFailure(url(files()));
    }

    @Test
    void theNameDoesNotMatterIfOnlyTheAuthorityIsVerified() {
        DecentDbConnectionFactory factory = DecentDb.factory(url(files() + "&sslMode=verify-ca"));
        DecentDbConnection connection = awaitValue(factory.create());

        assertThat(awaitValue(connection.fetchValue("SELECT 1", Long.class))).isEqualTo(1);
        await(connection.close());
        await(factory.close());
    }

    @Test
    void anAuthorityThatIsUnknownIsRefused() {
        expectTlsFailure(url("sslServerName=cluster.test"));
    }

    private static void expectTlsFailure(String url) {
        DecentDbConnectionFactory factory = DecentDb.factory(url);
        StepVerifier.create(factory.create())
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("TLS failed"))
                .verify(PATIENCE);
        await(factory.close());
    }
}
