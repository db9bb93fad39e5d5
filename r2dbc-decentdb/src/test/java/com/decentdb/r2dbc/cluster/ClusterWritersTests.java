package com.decentdb.r2dbc.cluster;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Many write to a real cluster at once, and none hears that the database is locked. */
class ClusterWritersTests {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private DecentDbConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:dqlite://127.0.0.1:1/none");

    @BeforeEach
    void createTable() {
        factory = DecentDb.factory(CLUSTER.url());
        await(Mono.usingWhen(
                factory.create(),
                connection -> connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"),
                DecentDbConnection::close));
    }

    @AfterEach
    void close() {
        await(factory.close());
    }

    @Test
    void writersOfOneFactoryNeverMeet() {
        List<Long> rows = awaitAll(Flux.range(0, 64)
                .flatMap(
                        writer -> Flux.usingWhen(
                                factory.create(),
                                connection -> Flux.range(0, 20)
                                        .concatMap(i -> connection.execute(
                                                "INSERT INTO t (name) VALUES ($1)", writer + "/" + i)),
                                DecentDbConnection::close),
                        64));

        assertThat(rows).hasSize(64 * 20).containsOnly(1L);
        assertThat(CLUSTER.integers("SELECT count(*) FROM t")).containsExactly(64L * 20);
    }

    @Test
    void writersOfSeveralFactoriesWaitForOneAnother() {
        List<Long> rows = awaitAll(Flux.range(0, 4)
                .flatMap(
                        each -> Flux.usingWhen(
                                Mono.fromSupplier(() -> DecentDb.factory(CLUSTER.url())),
                                other -> Flux.range(0, 8)
                                        .flatMap(
                                                writer -> Flux.usingWhen(
                                                        other.create(),
                                                        connection -> Flux.range(0, 5)
                                                                .concatMap(i -> connection.execute(
                                                                        "INSERT INTO t (name) VALUES ($1)",
                                                                        each + "/" + writer + "/" + i)),
                                                        DecentDbConnection::close),
                                                8),
                                DecentDbConnectionFactory::close),
                        4));

        assertThat(rows).hasSize(4 * 8 * 5).containsOnly(1L);
    }
}
