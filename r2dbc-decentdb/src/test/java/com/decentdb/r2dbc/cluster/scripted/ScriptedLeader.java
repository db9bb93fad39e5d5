package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.ScriptedNode;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Publisher;
import reactor.test.StepVerifier;

/** A scripted node that leads, and notes the statements it gets, in the order in which they came over any connection. */
final class ScriptedLeader implements AutoCloseable {

    /** The leader's answer to a statement. */
    interface Answers {
        void answer(String sql, Conversation talk) throws IOException;
    }

    private final ScriptedNode node;
    private final Queue<String> statements = new ConcurrentLinkedQueue<>();

    private ScriptedLeader(ScriptedNode node) {
        this.node = node;
    }

    /** A leader that answers every statement as it is told to. */
    static ScriptedLeader start(Answers answers) throws IOException {
        ScriptedLeader leader = new ScriptedLeader(ScriptedNode.start());
        leader.node.others(talk -> {
            Frame request = talk.lead();
            while (true) {
                if (request.type() == Wire.PREPARE) {
                    // With another number of parameters than there are arguments, so that the text is sent again.
                    request = talk.answer(Wire.statement(0, Long.MAX_VALUE)).afterQuestions();
                    continue;
                }
                if (request.type() == Wire.FINALIZE) {
                    // A statement that was prepared before the schema changed.
                    request = talk.answer(Wire.empty()).afterQuestions();
                    continue;
                }
                String sql = sql(request);
                leader.statements.add(sql);
                answers.answer(sql, talk);
                request = talk.afterQuestions();
            }
        });
        return leader;
    }

    /** The usual answer: no rows for a query, one row changed by anything else. */
    static void usual(String sql, Conversation talk) throws IOException {
        talk.answer(sql.startsWith("SELECT") ? Wire.rows("a") : Wire.result(1, 1));
    }

    private static String sql(Frame request) {
        if (request.type() != Wire.EXEC_SQL && request.type() != Wire.QUERY_SQL) {
            throw new AssertionError("Expected a statement, got " + request);
        }
        Frame.Reader body = request.reader();
        body.word();
        return body.text();
    }

    /** A program over a connection to a leader that answers like this, and the requests that the leader got. */
    static void on(Answers answers, String options, Check check) throws IOException {
        try (ScriptedLeader leader = ScriptedLeader.start(answers)) {
            DecentDbConnectionFactory factory = DecentDb.factory(leader.url(options));
            try {
                DecentDbConnection connection = awaitValue(factory.create());
                check.check(connection, leader);
                TestDatabase.await(connection.close());
            } finally {
                TestDatabase.await(factory.close());
            }
        }
    }

    interface Check {
        void check(DecentDbConnection connection, ScriptedLeader leader);
    }

    /** Does this the first time, and then answers as usual. */
    static Answers once(String sql, First first) {
        AtomicInteger times = new AtomicInteger();
        return (asked, talk) -> {
            if (asked.equals(sql) && times.getAndIncrement() == 0) {
                first.answer(talk);
            } else {
                usual(asked, talk);
            }
        };
    }

    interface First {
        void answer(Conversation talk) throws IOException;
    }

    /** Changes a row, as soon as the test lets it. */
    static First when(CountDownLatch let) {
        return talk -> {
            await(let);
            talk.answer(Wire.result(1, 1));
        };
    }

    /** Waits until the test lets a conversation go on. */
    static void await(CountDownLatch let) throws IOException {
        try {
            let.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** The leader refuses a request with this. */
    static First refusing(long code, String message) {
        return talk -> talk.answer(Wire.failure(code, message));
    }

    /** The error of a call. */
    static R2dbcException error(Publisher<?> call) {
        Throwable[] caught = new Throwable[1];
        StepVerifier.create(call)
                .thenConsumeWhile(any -> true)
                .expectErrorSatisfies(error -> caught[0] = error)
                .verify(PATIENCE);
        assertThat(caught[0]).isInstanceOf(R2dbcException.class);
        return (R2dbcException) caught[0];
    }

    /** The URL of a database of this leader, with these options beside those that keep the conversation short. */
    String url(String options) {
        return node.url("serverVersion=1.11&topologyRefresh=PT0S" + (options.isEmpty() ? "" : "&" + options));
    }

    String address() {
        return node.address();
    }

    /** How many connections have not ended yet. */
    long open() {
        return node.open();
    }

    /** The statements so far. */
    List<String> statements() {
        return List.copyOf(statements);
    }

    /** Waits until a statement has come. */
    void awaitStatement(String sql) {
        awaitUntil(sql + " has come", () -> statements.contains(sql));
    }

    @Override
    public void close() throws IOException {
        node.close();
    }
}
