package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.api.cluster.ClusterNode;
import com.decentdb.r2dbc.api.cluster.ClusterOptions;
import com.decentdb.r2dbc.api.cluster.NodeStore;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** Stores of nodes that are programs' own, and do not work. */
class ScriptedStoreTests {

    /** The ways in which a store does not name nodes. */
    enum Bad {
        THROWS,
        FAILS,
        IS_EMPTY,
        NEVER_ANSWERS,
        THROWS_TO_ITS_SUBSCRIBER,
        GIVES_A_LIST_THAT_THROWS;

        private Mono<List<ClusterNode>> nodes() {
            return switch (this) {
                case THROWS -> throw new LinkageError("injected");
                case FAILS -> Mono.error(new IOException("injected"));
                case IS_EMPTY -> Mono.empty();
                case NEVER_ANSWERS -> Mono.never();
                case THROWS_TO_ITS_SUBSCRIBER ->
                    new Mono<>() {
                        @Override
                        public void subscribe(CoreSubscriber<? super List<ClusterNode>> subscriber) {
                            throw new LinkageError("injected");
                        }
                    };
                case GIVES_A_LIST_THAT_THROWS ->
                    Mono.just(new AbstractList<>() {
                        @Override
                        public ClusterNode get(int index) {
                            throw new LinkageError("injected");
                        }

                        @Override
                        public int size() {
                            return 1;
                        }
                    });
            };
        }

        NodeStore store() {
            return new NodeStore() {
                @Override
                public Mono<List<ClusterNode>> nodes() {
                    return Bad.this.nodes();
                }

                @Override
                public Mono<Void> update(List<ClusterNode> known) {
                    throw new LinkageError("injected");
                }
            };
        }
    }

    private static ConnectionFactoryOptions options(ScriptedLeader leader, NodeStore store) {
        return ConnectionFactoryOptions.parse(leader.url("failoverTimeout=PT3S&nodeStoreWrite=true"))
                .mutate()
                .option(ClusterOptions.NODE_STORE, store)
                .option(ClusterOptions.TOPOLOGY_REFRESH, Duration.ofMinutes(1))
                .build();
    }

    @ParameterizedTest
    @EnumSource
    void theNodesOfTheUrlAreEnough(Bad bad) throws IOException {
        try (ScriptedLeader leader = ScriptedLeader.start(ScriptedLeader::usual)) {
            DecentDbConnectionFactory factory = DecentDb.factory(options(leader, bad.store()));
            DecentDbConnection connection = awaitValue(factory.create());

            assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
            await(connection.close());
            await(factory.close());
        }
    }

    @Test
    void whereNoNodeIsKnownTheErrorSaysSo() {
        DecentDbConnectionFactory factory =
                DecentDb.factory(ConnectionFactoryOptions.parse("r2dbc:decentdb:dqlite:///app?failoverTimeout=PT0.1S")
                        .mutate()
                        .option(ClusterOptions.NODE_STORE, Bad.FAILS.store())
                        .build());

        assertThat(ScriptedLeader.error(factory.create())).hasMessageContaining("node store");
        await(factory.close());
    }

    @Test
    void anAdministrationAsksAgainAStoreThatFailedOnce() throws IOException {
        try (ScriptedLeader leader = ScriptedLeader.start(ScriptedLeader::usual)) {
            boolean[] failed = new boolean[1];
            NodeStore store = new NodeStore() {
                @Override
                public Mono<List<ClusterNode>> nodes() {
                    if (!failed[0]) {
                        failed[0] = true;
                        throw new IllegalStateException("injected");
                    }
                    return Mono.just(List.of());
                }

                @Override
                public Mono<Void> update(List<ClusterNode> known) {
                    return Mono.empty();
                }
            };
            ClusterAdmin admin = DecentDb.cluster(options(leader, store));

            assertThat(ScriptedLeader.error(admin.members())).hasMessageContaining("node store");
            assertThat(awaitAll(admin.members())).hasSize(1);
            await(admin.close());
        }
    }
}
