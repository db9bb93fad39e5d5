package com.decentdb.r2dbc.cluster;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.api.cluster.ClusterNode;
import com.decentdb.r2dbc.api.cluster.DumpChunk;
import com.decentdb.r2dbc.api.cluster.LeaderChange;
import com.decentdb.r2dbc.api.cluster.NodeDescription;
import com.decentdb.r2dbc.api.cluster.NodeRole;
import com.decentdb.r2dbc.api.cluster.NodeStore;
import com.decentdb.r2dbc.api.cluster.UnreadableValue;
import com.decentdb.r2dbc.cluster.nodes.NodeClient;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import com.decentdb.r2dbc.cluster.nodes.RealNode;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

/** The administration of a real cluster. */
class ClusterAdminTests {

    /** A node that has just come back does not get leadership for a while. */
    private static final Retry REFUSED_FOR_A_WHILE = Retry.fixedDelay(100, Duration.ofMillis(100));

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private ClusterAdmin admin = DecentDb.cluster("r2dbc:decentdb:dqlite://127.0.0.1:1/none");

    @BeforeEach
    void open() {
        await(admin.close());
        admin = DecentDb.cluster(CLUSTER.url());
    }

    @AfterEach
    void close() {
        await(admin.close());
    }

    @Test
    void theLeaderAndTheMembersAreThoseOfTheCluster() {
        RealNode leader = CLUSTER.leader();

        assertThat(awaitValue(admin.leader()))
                .isEqualTo(new ClusterNode(leader.id(), leader.address(), NodeRole.VOTER));
        assertThat(awaitAll(admin.members()))
                .containsExactlyInAnyOrderElementsOf(CLUSTER.nodes().stream()
                        .map(node -> new ClusterNode(node.id(), node.address(), NodeRole.VOTER))
                        .toList());
    }

    @Test
    void oneFollowerIsEnoughToFindTheLeader() {
        ClusterAdmin other =
                DecentDb.cluster("r2dbc:decentdb:dqlite://" + CLUSTER.follower().address() + "/app");

        assertThat(awaitValue(other.leader()).address())
                .isEqualTo(CLUSTER.leader().address());
        await(other.close());
    }

    @Test
    void aNodeJoinsChangesItsRoleAndLeaves() {
        RealNode fourth = CLUSTER.startStranger(4);

        await(admin.add(4, fourth.address()));
        assertThat(role(4)).isEqualTo(NodeRole.SPARE);
        await(admin.assign(4, NodeRole.STANDBY));
        assertThat(role(4)).isEqualTo(NodeRole.STANDBY);
        await(admin.assign(4, NodeRole.SPARE));
        await(admin.remove(4));

        assertThat(awaitAll(admin.members())).map(ClusterNode::id).containsExactlyInAnyOrder(1L, 2L, 3L);
    }

    @Test
    void whatTheLeaderRefusesSaysWhy() {
        String address = CLUSTER.node(2).address();

        StepVerifier.create(admin.add(2, address)).verifyErrorSatisfies(error -> {
            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("58000");
            assertThat(error)
                    .hasMessageContaining("adding node 2 at " + address)
                    .hasMessageContaining(CLUSTER.leader().address());
        });
        StepVerifier.create(admin.remove(99))
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("58000"));
    }

    @Test
    void leadershipIsHandedToANode() {
        RealNode next = CLUSTER.follower();

        await(admin.transferLeadership(next.id()).retryWhen(REFUSED_FOR_A_WHILE));

        assertThat(awaitValue(admin.leader()).id()).isEqualTo(next.id());
        assertThat(CLUSTER.leader()).isSameAs(next);
    }

    @Test
    void leadershipIsHandedToAnyNode() {
        RealNode before = CLUSTER.leader();

        await(admin.transferLeadership().retryWhen(REFUSED_FOR_A_WHILE));

        assertThat(CLUSTER.leader()).isNotSameAs(before);
    }

    @Test
    void everyNodeHasAWeight() {
        for (RealNode node : CLUSTER.nodes()) {
            await(admin.setWeight(node.address(), 10 + node.id()));

            assertThat(awaitValue(admin.describe(node.address()))).isEqualTo(new NodeDescription(0, 10 + node.id()));
        }
    }

    @Test
    void aNodeThatIsNotThereIsNamed() {
        StepVerifier.create(admin.describe("127.0.0.1:1")).verifyErrorSatisfies(error -> {
            assertThat(error).hasMessageContaining("127.0.0.1:1");
            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08006");
        });
    }

    @Test
    void aDumpHoldsTheDatabase() throws IOException {
        try (NodeClient client = CLUSTER.client()) {
            client.execute("CREATE TABLE t (v TEXT)");
            client.execute("INSERT INTO t VALUES ('a needle')");
        }

        Map<String, byte[]> files = files(awaitAll(admin.dump(CLUSTER.database())));

        assertThat(files).containsOnlyKeys(CLUSTER.database(), CLUSTER.database() + "-wal");
        String all = files.values().stream()
                .map(bytes -> new String(bytes, StandardCharsets.ISO_8859_1))
                .reduce("", String::concat);
        assertThat(all).contains("SQLite format 3").contains("a needle");
    }

    @Test
    void aDumpOfAnySizeFollowsDemand() throws IOException {
        try (NodeClient client = CLUSTER.client()) {
            client.execute("CREATE TABLE t (v BLOB)");
            for (int i = 0; i < 16; i++) {
                client.execute("INSERT INTO t VALUES (randomblob(1048576))");
            }
        }

        List<DumpChunk> chunks = new ArrayList<>();
        StepVerifier.create(admin.dump(CLUSTER.database()), 1)
                .consumeNextWith(chunks::add)
                .thenRequest(1)
                .consumeNextWith(chunks::add)
                .expectNoEvent(Duration.ofMillis(100))
                .thenRequest(Long.MAX_VALUE)
                .thenConsumeWhile(chunk -> true, chunks::add)
                .expectComplete()
                .verify(PATIENCE);

        Map<String, byte[]> files = files(chunks);
        assertThat(files.values().stream().mapToLong(bytes -> bytes.length).sum())
                .isGreaterThan(16L << 20);
        assertThat(chunks)
                .allMatch(chunk ->
                        chunk.bytes().remaining() <= 64 * 1024 && chunk.bytes().isReadOnly());
    }

    @Test
    void aDumpThatIsCancelledEnds() throws IOException {
        try (NodeClient client = CLUSTER.client()) {
            client.execute("CREATE TABLE t (v BLOB)");
            client.execute("INSERT INTO t VALUES (randomblob(8388608))");
        }

        assertThat(awaitAll(admin.dump(CLUSTER.database()).take(1))).hasSize(1);

        assertThat(awaitAll(admin.members())).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 20_000})
    void aCopyOfTheDatabaseOpensWithSqlite(int rows, @TempDir Path folder) throws SQLException {
        DecentDbConnectionFactory factory = DecentDb.factory(CLUSTER.url());
        DecentDbConnection connection = awaitValue(factory.create());
        await(connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"));
        await(connection.execute(
                "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
                        + " SELECT i, 'value ' || i FROM n",
                rows));
        Path copy = folder.resolve("copy.db");

        await(connection.saveAs(copy));

        assertThat(folder).isDirectoryContaining("glob:**/copy.db").isDirectoryContaining("glob:**/copy.db-wal");
        try (java.sql.Connection sqlite = DriverManager.getConnection("jdbc:sqlite:" + copy);
                Statement statement = sqlite.createStatement()) {
            assertThat(text(statement, "PRAGMA integrity_check")).isEqualTo("ok");
            assertThat(text(statement, "SELECT count(*) || max(v) FROM t WHERE v = 'value ' || id"))
                    .isEqualTo(text(statement, "SELECT " + rows + " || max(v) FROM t"));
            assertThat(text(statement, "SELECT count(*) FROM t")).isEqualTo(String.valueOf(rows));
        }
        assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(rows);
        await(connection.close());
        await(factory.close());
    }

    private static String text(Statement statement, String sql) throws SQLException {
        try (ResultSet result = statement.executeQuery(sql)) {
            return result.getString(1);
        }
    }

    @Test
    void everyChangeOfTheLeaderIsReported() {
        String first = CLUSTER.leader().address();
        RealNode next = CLUSTER.follower();

        StepVerifier.create(admin.leaderChanges())
                .assertNext(change -> assertThat(change)
                        .returns(first, LeaderChange::to)
                        .returns(null, LeaderChange::from)
                        .returns(Duration.ZERO, LeaderChange::leaderless))
                .then(() -> CLUSTER.transferTo(next))
                .assertNext(change -> assertThat(change)
                        .returns(next.address(), LeaderChange::to)
                        .returns(first, LeaderChange::from))
                .then(next::kill)
                .assertNext(change -> {
                    assertThat(change.from()).isEqualTo(next.address());
                    assertThat(change.leaderless()).isPositive();
                    assertThat(change.to()).isEqualTo(CLUSTER.leader().address());
                })
                .then(() -> await(admin.close()))
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void withoutALeaderTheErrorNamesEveryNode() {
        ClusterAdmin impatient = DecentDb.cluster(CLUSTER.url("failoverTimeout=PT1S"));
        CLUSTER.nodes().forEach(RealNode::kill);

        StepVerifier.create(impatient.leader()).verifyErrorSatisfies(error -> {
            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08001");
            assertThat(CLUSTER.addresses())
                    .allSatisfy(address -> assertThat(error).hasMessageContaining(address));
        });
        await(impatient.close());
    }

    @Test
    void valuesThatWouldEndANodeAreFound() throws IOException {
        try (NodeClient client = CLUSTER.client()) {
            client.execute("CREATE TABLE \"odd one\" (id INTEGER PRIMARY KEY, flag BOOLEAN, at DATETIME, day DATE, name"
                    + " TEXT)");
            client.execute("INSERT INTO \"odd one\" VALUES (1, 1, '2026-01-01', 5, 'x'), (2, NULL, NULL, NULL, 'x'),"
                    + " (3, 'yes', 5, 1.5, 'x'), (4, 1.5, x'00', '2026-01-01', 'x')");
        }

        assertThat(awaitAll(admin.findUnreadable("odd one")))
                .containsExactlyInAnyOrder(
                        new UnreadableValue(3, "flag", "BOOLEAN", "text"),
                        new UnreadableValue(4, "flag", "BOOLEAN", "real"),
                        new UnreadableValue(4, "at", "DATETIME", "blob"),
                        new UnreadableValue(3, "day", "DATE", "real"));
        StepVerifier.create(admin.findUnreadable("nothing"))
                .verifyErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo("42P01"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        CREATE TABLE odd (rowid TEXT, _rowid_ TEXT, flag BOOLEAN)            |
        CREATE TABLE odd (id TEXT PRIMARY KEY, flag BOOLEAN) WITHOUT ROWID   | has no row ids
        """)
    void valuesThatWouldEndANodeAreNamedByTheIdsOfTheirRows(String create, @Nullable String refusal)
            throws IOException {
        try (NodeClient client = CLUSTER.client()) {
            client.execute(create);
            if (refusal == null) {
                client.execute("INSERT INTO odd (oid, flag) VALUES (7, 'x')");
                assertThat(awaitAll(admin.findUnreadable("odd")))
                        .containsExactly(new UnreadableValue(7, "flag", "BOOLEAN", "text"));
            }
        }
        if (refusal != null) {
            StepVerifier.create(admin.findUnreadable("odd"))
                    .verifyErrorSatisfies(error -> assertThat(error).hasMessageContaining(refusal));
        }
    }

    @Test
    void theNodesOfAStoreAreAsked(@TempDir Path folder) {
        Path file = folder.resolve("cluster.yaml");
        await(NodeStore.yaml(file)
                .update(List.of(new ClusterNode(1, CLUSTER.follower().address(), NodeRole.VOTER))));

        ClusterAdmin stored = DecentDb.cluster("r2dbc:decentdb:dqlite:///app?nodeStore=" + file);

        assertThat(awaitAll(stored.members())).hasSize(3);
        await(stored.close());
    }

    @Test
    void afterItsEndItRefuses() {
        await(admin.close());
        await(admin.close());

        for (var call : List.of(
                admin.leader(), admin.members(), admin.dump("app"), admin.leaderChanges(), admin.findUnreadable("t"))) {
            StepVerifier.create(call)
                    .verifyErrorSatisfies(error ->
                            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08003"));
        }
    }

    @Test
    void callsThatMakeNoSenseAreRefusedAtOnce() {
        assertThatIllegalArgumentException().isThrownBy(() -> admin.add(0, "h:1"));
        assertThatIllegalArgumentException().isThrownBy(() -> admin.add(5, "h"));
        assertThatIllegalArgumentException().isThrownBy(() -> admin.describe("nowhere"));
        assertThatIllegalArgumentException().isThrownBy(() -> admin.dump(""));
        assertThatIllegalArgumentException().isThrownBy(() -> admin.dump("\0app"));
        assertThatThrownBy(() -> DecentDb.cluster("r2dbc:decentdb:mem:///x"))
                .isInstanceOf(R2dbcException.class)
                .hasMessageContaining("dqlite");
    }

    private NodeRole role(long id) {
        return awaitAll(admin.members()).stream()
                .filter(node -> node.id() == id)
                .findFirst()
                .orElseThrow()
                .role();
    }

    /** The files, checked to have no gaps. */
    private static Map<String, byte[]> files(List<DumpChunk> chunks) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        Map<String, Long> lengths = new LinkedHashMap<>();
        for (DumpChunk chunk : chunks) {
            byte[] file = files.computeIfAbsent(chunk.file(), name -> new byte[Math.toIntExact(chunk.size())]);
            assertThat(chunk.offset()).isEqualTo(lengths.getOrDefault(chunk.file(), 0L));
            int length = chunk.bytes().remaining();
            chunk.bytes().duplicate().get(file, Math.toIntExact(chunk.offset()), length);
            lengths.put(chunk.file(), chunk.offset() + length);
        }
        files.forEach((name, bytes) -> assertThat(lengths).containsEntry(name, (long) bytes.length));
        return files;
    }
}
