package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.OutcomeUnknownException;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.api.cluster.DumpChunk;
import com.decentdb.r2dbc.api.cluster.NodeRole;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.Frame.Body;
import com.decentdb.r2dbc.cluster.nodes.ScriptedNode;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.test.StepVerifier;

/** The administration of a cluster that loses answers, denies and misbehaves. */
class ScriptedAdminTests {

    @Test
    void aChangeWhoseAnswerIsLostMayHaveHappened() throws IOException {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.others(talk -> {
                assertThat(talk.lead().type()).isEqualTo(Wire.ADD);
                talk.reset();
            });
            ClusterAdmin admin = DecentDb.cluster(node.url(""));

            StepVerifier.create(admin.add(7, "h:9001"))
                    .verifyErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(OutcomeUnknownException.class)
                            .hasMessageContaining("adding node 7 at h:9001")
                            .hasMessageContaining(node.address()));
            await(admin.close());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {10_506, 266, 4})
    void aChangeWithWhichLeadershipWasLostMayHaveHappened(long code) throws IOException {
        expectAfterFailure(code, "leadership lost", "08007");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 5, 1002})
    void aChangeThatIsRefusedDidNotHappen(long code) throws IOException {
        expectAfterFailure(code, "no", "58000");
    }

    private static void expectAfterFailure(long code, String message, String sqlState) throws IOException {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.others(talk -> {
                talk.lead();
                talk.answer(Wire.failure(code, message)).expectClose();
            });
            ClusterAdmin admin = DecentDb.cluster(node.url(""));

            StepVerifier.create(admin.assign(7, NodeRole.VOTER)).verifyErrorSatisfies(error -> {
                assertThat(((R2dbcException) error).getSqlState()).isEqualTo(sqlState);
                assertThat(((R2dbcException) error).getErrorCode()).isEqualTo((int) code);
                assertThat(error).hasMessageContaining(message);
            });
            await(admin.close());
        }
    }

    @Test
    void aChangeThatANodeDeniesGoesToTheLeader() throws IOException {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.next(talk -> {
                        assertThat(talk.lead().type()).isEqualTo(Wire.REMOVE);
                        talk.answer(Wire.failure(10_250, "not leader")).expectClose();
                    })
                    .others(talk -> {
                        assertThat(talk.lead()).isEqualTo(Frame.of(Wire.REMOVE, new Body().word(3)));
                        talk.answer(Wire.empty()).expectClose();
                    });
            ClusterAdmin admin = DecentDb.cluster(node.url(""));

            await(admin.remove(3));
            await(admin.close());
        }
    }

    @Test
    void aNodeThatDoesNotAnswerIsGivenUp() throws IOException {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.others(Conversation::expectSilence);
            ClusterAdmin admin = DecentDb.cluster(node.url("statementTimeout=PT0.2S"));

            expect(admin.describe(node.address()), "57014");
            await(admin.close());
        }
    }

    @Test
    void closingEndsWhatIsUnderWay() throws IOException {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.others(Conversation::expectSilence);
            ClusterAdmin admin = DecentDb.cluster(node.url(""));

            StepVerifier.create(admin.describe(node.address()))
                    .then(() -> await(admin.close()))
                    .expectErrorSatisfies(error ->
                            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08003"))
                    .verify(PATIENCE);
        }
    }

    @Test
    void aDumpArrivesHoweverItIsCut() throws IOException {
        byte[] content = new Body().word(1).word(2).word(3).bytes();
        Frame answer = Frame.of(
                Wire.FILES,
                new Body()
                        .word(2)
                        .text("app")
                        .word(24)
                        .raw(content)
                        .text("app-wal")
                        .word(0));
        int length = answer.bytes().length;
        for (int cut = 1; cut < length; cut++) {
            int at = cut;
            try (ScriptedNode node =
                    dumping(talk -> talk.sendCut(at, answer.bytes()).expectClose())) {
                ClusterAdmin admin = DecentDb.cluster(node.url(""));

                List<DumpChunk> chunks = awaitAll(admin.dump("app"));

                assertThat(chunks.stream()
                                .filter(chunk -> chunk.file().equals("app"))
                                .mapToInt(chunk -> chunk.bytes().remaining())
                                .sum())
                        .isEqualTo(24);
                assertThat(chunks.get(chunks.size() - 1))
                        .returns("app-wal", DumpChunk::file)
                        .returns(0L, DumpChunk::size);
                await(admin.close());
            }
        }
    }

    @Test
    void aDumpThatIsRefusedOrBrokenFails() throws IOException {
        expectOfDump(talk -> talk.answer(Wire.failure(1, "no such database")).expectClose(), "58000");
        expectOfDump(talk -> talk.answer(Wire.db()).expectClose(), "08P01");
        expectOfDump(
                talk -> talk.send("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII))
                        .expectClose(),
                "08P01");
        expectOfDump(Conversation::reset, "08006");
        for (Body body : List.of(
                new Body().word(-1),
                new Body().word(1L << 40).word(0),
                new Body().word(1).text("app").word(-1),
                new Body().word(1).text("app").word(1 << 20),
                new Body().word(1).text("app").word(0).word(0))) {
            expectOfDump(talk -> talk.answer(Frame.of(Wire.FILES, body)).expectClose(), "08P01");
        }
    }

    private static void expectOfDump(ScriptedNode.Script script, String sqlState) throws IOException {
        try (ScriptedNode node = dumping(script)) {
            ClusterAdmin admin = DecentDb.cluster(node.url(""));
            expect(admin.dump("app"), sqlState);
            await(admin.close());
        }
    }

    /** A node that leads, and does this when it is asked for a dump. */
    private static ScriptedNode dumping(ScriptedNode.Script answer) throws IOException {
        return ScriptedNode.start().others(talk -> {
            assertThat(talk.lead()).isEqualTo(Frame.of(Wire.DUMP, new Body().text("app")));
            answer.run(talk);
        });
    }

    private static void expect(Publisher<?> call, String sqlState) {
        StepVerifier.create(call)
                .thenConsumeWhile(any -> true)
                .expectErrorSatisfies(error ->
                        assertThat(((R2dbcException) error).getSqlState()).isEqualTo(sqlState))
                .verify(PATIENCE);
    }
}
