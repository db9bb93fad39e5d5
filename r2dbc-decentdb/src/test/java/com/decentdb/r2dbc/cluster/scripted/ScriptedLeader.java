package com.decentdb.r2dbc.cluster.scripted;

import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.ScriptedNode;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

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

    @Override
    public void close() throws IOException {
        node.close();
    }
}
