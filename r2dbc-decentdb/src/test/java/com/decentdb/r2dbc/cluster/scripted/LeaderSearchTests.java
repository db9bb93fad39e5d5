package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.OutcomeUnknownException;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.ScriptedNode;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.ValidationDepth;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

/** How the leader is found, and what the error says when it is not. */
class LeaderSearchTests {

    private static final String OPTIONS = "serverVersion=1.11&topologyRefresh=PT0S&failoverTimeout=";

    private ScriptedNode first;
    private ScriptedNode second;

    LeaderSearchTests() throws IOException {
        first = ScriptedNode.start();
        second = ScriptedNode.start();
    }

    @BeforeEach
    void leadWithTheSecond() {
        second.others(LeaderSearchTests::lead);
    }

    @AfterEach
    void close() throws IOException {
        first.close();
        second.close();
    }

    /** Leads, and answers every query with no rows. */
    private static void lead(Conversation talk) throws IOException {
        for (Frame request = talk.lead(); true; request = talk.afterQuestions()) {
            talk.answer(request.type() == Wire.QUERY_SQL ? Wire.rows("a") : Wire.result(1, 1));
        }
    }

    /** Answers the question for the leader, on every connection, and nothing else. */
    private static ScriptedNode.Script naming(long id, String address) {
        return talk -> {
            talk.handshake();
            while (true) {
                talk.expect(Wire.LEADER);
                talk.answer(Wire.server(id, address));
            }
        };
    }

    private String url(String options) {
        return "r2dbc:decentdb:dqlite://" + first.address() + "/app?" + OPTIONS + options;
    }

    private static void expectConnection(String url) {
        DecentDbConnectionFactory factory = DecentDb.factory(url);
        DecentDbConnection connection = awaitValue(factory.create());
        assertThat(awaitAll(connection.fetchLists("SELECT a FROM t"))).isEmpty();
        await(connection.close());
        await(factory.close());
    }

    private static void expectNone(String url, String... reasons) {
        DecentDbConnectionFactory factory = DecentDb.factory(url);
        // On a busy machine a search may end before the nodes have answered.
        StepVerifier.create(factory.create()
                        .retryWhen(Retry.max(20)
                                .filter(error ->
                                        !Stream.of(reasons).allMatch(String.valueOf(error.getMessage())::contains))
                                .onRetryExhaustedThrow((spec, last) -> last.failure())))
                .expectErrorSatisfies(error -> {
                    assertThat(error)
                            .isInstanceOf(R2dbcTransientResourceException.class)
                            .hasMessageContainingAll(reasons);
                    assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08001");
                })
                .verify(PATIENCE);
        await(factory.close());
    }

    @Test
    void aFollowerNamesTheLeader() {
        first.others(naming(2, second.address()));

        expectConnection(url("PT10S"));
    }

    @Test
    void aNodeThatNamesAnotherIsNotBelievedBeforeThatConfirms() {
        first.others(naming(2, second.address()));
        second.others(naming(1, first.address()));

        expectNone(url("PT2S"), first.address(), second.address(), "does not confirm");
    }

    @Test
    void whileAnElectionGoesOnTheSearchDoesToo() {
        AtomicInteger asked = new AtomicInteger();
        first.others(talk -> {
            talk.handshake().expect(Wire.LEADER);
            talk.answer(asked.getAndIncrement() < 4 ? Wire.server(0, "") : Wire.server(2, second.address()));
            talk.expectClose();
        });

        expectConnection(url("PT10S"));
        assertThat(asked).hasValueGreaterThanOrEqualTo(5);
    }

    @Test
    void aNodeWithoutALeaderSaysSo() {
        first.others(naming(0, ""));
        expectNone(url("PT0.3S"), first.address(), "knows no leader");

        first.others(naming(7, ""));
        expectNone(url("PT0.3S"), first.address(), "knows no leader");
    }

    @Test
    void aLeaderWithoutAnIdIsAgainstTheProtocol() {
        first.others(naming(0, second.address()));

        expectNone(url("PT0.3S"), first.address(), "protocol");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 400 Bad Request\r\n\r\n",
                "SSH-2.0-OpenSSH_9.2\r\n",
                "\u0015\u0003\u0003\0\u0002\u0002F........"
            })
    void aServerOfAnotherKindIsRecognised(String greeting) {
        byte[] bytes = greeting.getBytes(StandardCharsets.ISO_8859_1);
        first.others(talk -> talk.send(bytes).expectSilence());

        expectNone(
                url("PT0.3S"),
                first.address(),
                "not a dqlite node",
                String.format("%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3]));
    }

    @Test
    void aNodeThatIsDownOrSilentIsNamedWithTheReason() throws IOException {
        first.others(Conversation::expectSilence);
        ScriptedNode gone = ScriptedNode.start();
        gone.close();

        expectNone(
                "r2dbc:decentdb:dqlite://" + first.address() + "," + gone.address() + "/app?" + OPTIONS
                        + "PT1S&probeTimeout=PT0.2S",
                first.address(),
                "in time",
                gone.address(),
                "refused");
    }

    @Test
    void aNodeThatHangsUpOnTlsIsNamedWithTheReason() {
        first.others(Conversation::reset);

        // Long before the time of one question is over.
        expectNone(url("PT0.5S&probeTimeout=PT10M").replaceFirst("r2dbc:", "r2dbcs:"), first.address(), "TLS failed");
    }

    @Test
    void aLeaderThatDoesNotOpenTheDatabaseIsNamedWithTheReason() {
        first.others(talk -> {
            talk.handshake().expect(Wire.LEADER);
            talk.answer(Wire.server(1, first.address())).expect(Wire.OPEN);
            talk.reset();
        });

        expectNone(url("PT0.5S"), "500 ms", first.address(), "Connection reset");
    }

    @Test
    void oneNodeThatAnswersIsEnough() {
        first.others(Conversation::expectSilence);

        expectConnection(
                "r2dbc:decentdb:dqlite://" + first.address() + "," + second.address() + "/app?" + OPTIONS + "PT10S");
    }

    @Test
    void aSilentNodeKeepsNoOtherFromBeingAskedAgain() {
        AtomicInteger asked = new AtomicInteger();
        first.others(Conversation::expectSilence);
        second.others(talk -> {
            if (asked.getAndIncrement() < 4) {
                talk.handshake().expect(Wire.LEADER);
                talk.answer(Wire.server(0, "")).expectClose();
            } else {
                lead(talk);
            }
        });

        // The silent one is waited for until long after the search would have ended in vain.
        expectConnection("r2dbc:decentdb:dqlite://" + first.address() + "," + second.address() + "/app?" + OPTIONS
                + "PT20S&probeTimeout=PT10M");
    }

    @Test
    void aNodeMaySendTheDriverOnlyWhereThePolicyAdmits() {
        first.others(naming(2, second.address()));

        expectNone(url("PT0.3S&redirectTo=10.0.0.0/8"), first.address(), second.address(), "redirectTo");
        expectConnection(url("PT10S&redirectTo=10.0.0.0/8,127.0.0.0/8"));
        expectConnection(url("PT10S&redirectTo=127.*"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"169.254.1.1:9001", "0.0.0.0:9001", "224.0.0.1:9001", "[fe80::1]:9001"})
    void noNodeMaySendTheDriverToAddressesThatNoNodeHas(String address) {
        first.others(naming(2, address));

        expectNone(url("PT0.3S"), first.address(), "redirectTo");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nowhere", "@abstract", "/run/dqlite.sock", "h:99999", "h\u0007:1"})
    void aLeaderThatCannotBeDialledIsNamedHarmlessly(String address) {
        first.others(naming(2, address));

        expectNone(url("PT0.3S"), first.address(), "cannot be dialled");
    }

    @Test
    void advertisedAddressesAreMapped() {
        first.others(naming(2, "db2.internal:9001"));
        second.others(talk -> {
            talk.handshake();
            for (Frame request = talk.next(); true; request = talk.next()) {
                talk.answer(
                        request.type() == Wire.LEADER
                                ? Wire.server(2, "db2.internal:9001")
                                : request.type() == Wire.OPEN
                                        ? Wire.db()
                                        : request.equals(Wire.query("SELECT sqlite_version()"))
                                                ? Wire.textRow("v", "3.40.1")
                                                : Wire.rows("a"));
            }
        });

        expectConnection(url("PT10S&addressMap=db2.internal:9001=" + second.address()));
    }

    @Test
    void manyConnectionsShareOneSearchAndAFewSockets() {
        first.others(naming(2, second.address()));
        DecentDbConnectionFactory factory = DecentDb.factory(url("PT10S"));

        var connections = awaitAll(Flux.range(0, 1_000).flatMap(each -> factory.create(), 1_000));

        assertThat(connections).hasSize(1_000);
        assertThat(first.connections() + second.connections()).isLessThan(20);
        await(Flux.fromIterable(connections).flatMap(DecentDbConnection::close));
        await(factory.close());
    }

    @Test
    void validatingAgainAndAgainKeepsAFewSockets() throws IOException {
        ScriptedLeader.on(ScriptedLeader::usual, "maxReaders=2", (connection, leader) -> {
            assertThat(awaitAll(Flux.range(0, 100).concatMap(each -> connection.validate(ValidationDepth.REMOTE))))
                    .hasSize(100)
                    .containsOnly(true);

            assertThat(awaitAll(connection.fetchLists("SELECT a FROM t"))).isEmpty();
            awaitUntil("connections have ended", () -> leader.open() <= 4);
        });
    }

    @Test
    void aLeaderThatFreezesCostsOneStatement() {
        AtomicBoolean frozen = new AtomicBoolean();
        first.others(talk -> {
            if (!frozen.get()) {
                for (Frame request = talk.lead(); !frozen.get(); request = talk.afterQuestions()) {
                    talk.answer(request.type() == Wire.QUERY_SQL ? Wire.rows("a") : Wire.result(1, 1));
                }
            }
            talk.expectSilence();
        });
        DecentDbConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:dqlite://" + first.address() + ","
                + second.address() + "/app?" + OPTIONS + "PT20S&statementTimeout=PT2S&probeTimeout=PT0.5S");
        second.others(naming(1, first.address()));
        DecentDbConnection connection = awaitValue(factory.create());
        assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);

        frozen.set(true);
        second.others(LeaderSearchTests::lead);
        StepVerifier.create(connection.execute("DELETE FROM t")).verifyError(OutcomeUnknownException.class);

        assertThat(awaitValue(connection.execute("DELETE FROM t"))).isEqualTo(1);
        await(connection.close());
        await(factory.close());
    }
}
