package com.decentdb.r2dbc.cluster.nodes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The scripted node on which other tests rely. */
class ScriptedNodeTests {

    @Test
    void aConversationGoesAsWritten() throws Exception {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.next(talk -> {
                assertThat(talk.lead()).isEqualTo(Wire.query("SELECT 1"));
                talk.sendOneByOne(Wire.rows("1", true, 1).bytes());
                talk.sendCut(9, Wire.rows("1", 2).bytes()).expectClose();
            });
            try (NodeClient client = NodeClient.connect(node.address())) {
                assertThat(client.leader()).isEqualTo(node.address());
                assertThat(client.open("app").integers("SELECT 1")).containsExactly(1L, 2L);
            }
            assertThat(node.left()).isZero();
        }
    }

    @Test
    void anUnexpectedRequestFailsTheTest() throws Exception {
        ScriptedNode node = ScriptedNode.start().next(talk -> talk.handshake().expect(Wire.query("SELECT 1")));
        try (NodeClient client = NodeClient.connect(node.address())) {
            assertThatThrownBy(() -> client.execute("DELETE FROM t")).isInstanceOf(IOException.class);
        }

        assertThatThrownBy(node::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("SELECT 1")
                .hasMessageContaining("DELETE FROM t");
    }

    @Test
    void anUnexpectedConnectionFailsTheTest() throws Exception {
        ScriptedNode node = ScriptedNode.start();
        try (NodeClient client = NodeClient.connect(node.address())) {
            assertThatThrownBy(client::leader).isInstanceOf(IOException.class);
        }

        assertThatThrownBy(node::close).isInstanceOf(AssertionError.class).hasMessageContaining("connection 1");
    }

    @Test
    void aConnectionEndsAsAKilledProcessEndsIt() throws Exception {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.next(talk -> {
                talk.lead();
                talk.reset();
            });
            try (NodeClient client = NodeClient.connect(node.address())) {
                assertThatThrownBy(() -> client.open("app").execute("SELECT 1")).isInstanceOf(IOException.class);
            }
        }
    }
}
