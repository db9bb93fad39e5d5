package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.ScriptedNode;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.util.Collections;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The driver asks what a leader understands when that matters. */
class ScriptedFeatureTests {

    private static final String OPTIONS = "topologyRefresh=PT0S";
    private static final String MANY = IntStream.rangeClosed(1, 256)
            .mapToObj(i -> "$" + i)
            .collect(Collectors.joining(", ", "INSERT INTO t VALUES (", ")"));

    interface Check {
        void check(DecentDbConnection connection);
    }

    private static void on(ScriptedNode.Script script, Check check) throws IOException {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.others(script);
            DecentDbConnectionFactory factory = DecentDb.factory(node.url(OPTIONS));
            DecentDbConnection connection = awaitValue(factory.create());
            check.check(connection);
            await(connection.close());
            await(factory.close());
        }
    }

    /** Counts the questions, and answers them as a server before 1.15 does. */
    private static void old(Conversation talk, AtomicInteger questions) throws IOException {
        talk.handshake();
        while (true) {
            Frame request = talk.afterQuestions(asked -> questions.incrementAndGet());
            talk.answer(request.type() == Wire.QUERY_SQL ? Wire.rows("a") : Wire.result(1, 1));
        }
    }

    private static R2dbcException error(Publisher<?> call) {
        return ScriptedLeader.error(call);
    }

    @Test
    void connectingTakesNoMoreThanTheQuestionForTheLeaderAndTheOpening() throws IOException {
        on(
                talk -> {
                    talk.handshake().expect(Wire.LEADER);
                    talk.answer(Wire.server(1, talk.address())).expect(Wire.OPEN);
                    talk.answer(Wire.db()).expect(Wire.query("SELECT a FROM t"));
                    talk.answer(Wire.rows("a", 7)).expectClose();
                },
                connection -> assertThat(awaitValue(connection.fetchValue("SELECT a FROM t", Long.class)))
                        .isEqualTo(7));
    }

    @Test
    void aServerIsAskedOnceAndBeforeAStatementThatItMayNotUnderstand() throws IOException {
        AtomicInteger questions = new AtomicInteger();
        on(talk -> old(talk, questions), connection -> {
            assertThat(connection.getMetadata().getDatabaseVersion()).isEqualTo("of unknown version");
            await(connection.execute("INSERT INTO t VALUES (1)"));
            assertThat(questions).hasValue(0);

            R2dbcException lost = error(connection.fetchLists("INSERT INTO t VALUES (1) RETURNING a"));
            assertThat(lost.getSqlState()).isEqualTo("0A000");
            assertThat(lost).hasMessageContaining("< 1.15");
            int asked = questions.get();
            assertThat(asked).isPositive();
            assertThat(connection.getMetadata().getDatabaseVersion()).isEqualTo("< 1.15 (SQLite 3.40.1)");

            assertThat(error(connection.execute(
                                    MANY, Collections.nCopies(256, 1).toArray()))
                            .getSqlState())
                    .isEqualTo("54000");
            assertThat(questions).as("questions in all").hasValue(asked);
        });
    }

    @Test
    void manyStatementsThatNeedToKnowShareTheQuestions() throws IOException {
        AtomicInteger questions = new AtomicInteger();
        on(talk -> old(talk, questions), connection -> {
            var errors = awaitAll(Flux.range(0, 50)
                    .flatMap(i -> connection
                            .execute("DELETE FROM t RETURNING a")
                            .map(count -> "executed")
                            .onErrorResume(R2dbcException.class, e -> Mono.just(String.valueOf(e.getSqlState())))));

            assertThat(errors).hasSize(50).containsOnly("0A000");
            assertThat(questions.get()).isLessThan(10);
        });
    }
}
