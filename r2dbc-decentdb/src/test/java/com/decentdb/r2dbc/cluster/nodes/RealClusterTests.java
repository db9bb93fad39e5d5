package com.decentdb.r2dbc.cluster.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The cluster on which other tests rely. */
class RealClusterTests {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    @Test
    void whatTheLeaderAcknowledgedSurvivesItsDeath() throws IOException {
        try (NodeClient client = CLUSTER.client()) {
            client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
            client.execute("INSERT INTO t VALUES (1), (2)");
        }
        RealNode first = CLUSTER.leader();

        first.kill();

        assertThat(CLUSTER.leader()).isNotSameAs(first);
        assertThat(CLUSTER.integers("SELECT id FROM t")).containsExactly(1L, 2L);
    }

    @Test
    void aNodeThatIsFrozenLosesLeadershipAndComesBack() {
        RealNode first = CLUSTER.leader();

        first.freeze();
        assertThat(CLUSTER.leader()).isNotSameAs(first);
        CLUSTER.heal();

        assertThat(CLUSTER.nodes()).allMatch(node -> node.state() == RealNode.State.RUNNING);
    }

    @Test
    void leadershipIsTransferred() {
        RealNode next = CLUSTER.follower();

        CLUSTER.transferTo(next);

        assertThat(CLUSTER.leader()).isSameAs(next);
    }

    @Test
    void aNodeThatStoppedInOrderStartsAgainWithItsData() throws IOException {
        try (NodeClient client = CLUSTER.client()) {
            client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
            client.execute("INSERT INTO t VALUES (7)");
        }

        CLUSTER.nodes().forEach(RealNode::terminate);
        CLUSTER.heal();

        assertThat(CLUSTER.integers("SELECT id FROM t")).containsExactly(7L);
    }

    @Test
    void everyTestHasADatabaseOfItsOwn() {
        assertThat(CLUSTER.integers("SELECT count(*) FROM sqlite_schema")).containsExactly(0L);
    }

    @Test
    void aResultOfManyFramesIsReadToItsEnd() {
        assertThat(
                        CLUSTER.integers(
                                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i FROM n"))
                .hasSize(3000)
                .endsWith(3000L);
    }
}
