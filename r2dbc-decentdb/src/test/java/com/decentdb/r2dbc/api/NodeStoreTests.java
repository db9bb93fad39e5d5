package com.decentdb.r2dbc.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.cluster.ClusterNode;
import com.decentdb.r2dbc.api.cluster.NodeRole;
import com.decentdb.r2dbc.api.cluster.NodeStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Where the nodes of a cluster are kept. */
class NodeStoreTests {

    private static final ClusterNode FIRST = new ClusterNode(0x2dc171858c3155beL, "127.0.0.1:9001", NodeRole.VOTER);
    private static final ClusterNode HIGH = new ClusterNode(-1, "[::1]:9002", NodeRole.STANDBY);
    private static final ClusterNode SPARE = new ClusterNode(3, "db-3.example.org:9003", NodeRole.SPARE);

    @TempDir
    Path folder;

    @Test
    void memoryKeepsTheLatestNodes() {
        NodeStore store = NodeStore.memory("h1:9001", "h2:9002");

        assertThat(nodes(store)).map(ClusterNode::address).containsExactly("h1:9001", "h2:9002");
        TestDatabase.await(store.update(List.of(FIRST)));
        assertThat(nodes(store)).containsExactly(FIRST);
    }

    @Test
    void aFileOfGoDqliteIsRead() throws IOException {
        Files.writeString(file(), """
                - ID: 3297041220608546238
                  Address: 127.0.0.1:9001
                  Role: 0
                - ID: 18446744073709551615
                  Address: '[::1]:9002'
                  Role: 1
                - ID: 3
                  Address: db-3.example.org:9003
                  Role: 2
                """);

        assertThat(nodes(NodeStore.yaml(file()))).containsExactly(FIRST, HIGH, SPARE);
    }

    @Test
    void commentsQuotesAndOtherOrdersAreRead() throws IOException {
        Files.writeString(file(), """
                ---
                # The nodes.
                - Address: "127.0.0.1:9001"   # the first
                  Role: 0
                  ID: 3297041220608546238

                - Address: h:1
                """);

        assertThat(nodes(NodeStore.yaml(file()))).containsExactly(FIRST, new ClusterNode(0, "h:1", NodeRole.VOTER));
    }

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        NodeStore store = NodeStore.yaml(file());

        TestDatabase.await(store.update(List.of(FIRST, HIGH, SPARE)));

        assertThat(nodes(store)).containsExactly(FIRST, HIGH, SPARE);
        assertThat(Files.readString(file())).startsWith("""
                - ID: 3297041220608546238
                  Address: 127.0.0.1:9001
                  Role: 0
                - ID: 18446744073709551615
                """);
    }

    @Test
    void aReaderNeverFindsHalfAFile() {
        NodeStore store = NodeStore.yaml(file());
        List<ClusterNode> few = List.of(FIRST);
        List<ClusterNode> many = Stream.iterate(1, i -> i + 1)
                .limit(500)
                .map(i -> new ClusterNode(i, "node-" + i + ":9001", NodeRole.SPARE))
                .toList();
        TestDatabase.await(store.update(few));

        Flux<List<ClusterNode>> reads = Flux.defer(store::nodes).repeat(300).subscribeOn(Schedulers.parallel());
        Flux<List<ClusterNode>> writes = Flux.range(0, 60)
                .concatMap(i -> store.update(i % 2 == 0 ? many : few).then(Mono.<List<ClusterNode>>empty()));
        List<List<ClusterNode>> seen = TestDatabase.awaitAll(Flux.merge(reads, writes));

        assertThat(seen).hasSize(301).allMatch(nodes -> nodes.equals(few) || nodes.equals(many));
    }

    @Test
    void nothingElseIsLeftInTheFolder() throws IOException {
        TestDatabase.await(NodeStore.yaml(file()).update(List.of(FIRST)));
        TestDatabase.await(NodeStore.yaml(file()).update(List.of(SPARE)));

        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.sorted(Comparator.naturalOrder())).containsExactly(file());
        }
    }

    @Test
    void thePermissionsOfTheFileStay() throws IOException {
        Set<PosixFilePermission> shared =
                Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.GROUP_READ);
        Files.createFile(file());
        Files.setPosixFilePermissions(file(), shared);

        TestDatabase.await(NodeStore.yaml(file()).update(List.of(FIRST)));

        assertThat(Files.getPosixFilePermissions(file())).isEqualTo(shared);
    }

    @Test
    void aSymbolicLinkIsReadThroughAndNeverWrittenThrough() throws IOException {
        Path target = folder.resolve("target.yaml");
        TestDatabase.await(NodeStore.yaml(target).update(List.of(FIRST)));
        Files.createSymbolicLink(file(), target);
        NodeStore store = NodeStore.yaml(file());

        assertThat(nodes(store)).containsExactly(FIRST);
        StepVerifier.create(store.update(List.of(SPARE)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(file().toString())
                        .hasMessageContaining("symbolic link"))
                .verify(TestDatabase.PATIENCE);
        assertThat(nodes(NodeStore.yaml(target))).containsExactly(FIRST);
        assertThat(file()).isSymbolicLink();
    }

    @Test
    void aFileThatIsTooLargeOrAbsentIsRefused() throws IOException {
        expectRefusal("There is no file");
        Files.writeString(file(), "# " + "x".repeat(1024 * 1024));
        expectRefusal("1 MiB");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "- ID: 1\n  Role: 0\n",
                "- ID: -1\n  Address: h:1\n",
                "- ID: 18446744073709551616\n  Address: h:1\n",
                "- ID: 1\n  Address: h:1\n  Role: 3\n",
                "- ID: 1\n  ID: 2\n  Address: h:1\n",
                "- Name: x\n",
                "ID: 1\nAddress: h:1\n",
                "nodes:\n- Address: h:1\n",
                "- {ID: 1, Address: h:1}\n",
                "- Address: ''\n"
            })
    void anythingElseIsRefusedByName(String text) throws IOException {
        Files.writeString(file(), text);

        expectRefusal("cannot be read");
    }

    @Test
    void noStoreIsLeftWithoutNodes() {
        for (NodeStore store : List.of(NodeStore.memory("h:1"), NodeStore.yaml(file()))) {
            StepVerifier.create(store.update(List.of()))
                    .expectError(IllegalArgumentException.class)
                    .verify(TestDatabase.PATIENCE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "h:1\n  Role: 0", "h\0:1"})
    void aNodeHasAnAddress(String address) {
        assertThatIllegalArgumentException().isThrownBy(() -> new ClusterNode(1, address, NodeRole.VOTER));
    }

    private void expectRefusal(String message) {
        StepVerifier.create(NodeStore.yaml(file()).nodes())
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(file().toString())
                        .hasMessageContaining(message))
                .verify(TestDatabase.PATIENCE);
    }

    private Path file() {
        return folder.resolve("cluster.yaml");
    }

    private static List<ClusterNode> nodes(NodeStore store) {
        return TestDatabase.awaitValue(store.nodes());
    }
}
