package com.decentdb.r2dbc.cluster.leader;

import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** The answer of each address when a leader was looked for. */
final class SearchReport {

    private static final int MOST = 20;
    private static final int LONGEST = 200;

    private final Map<NodeAddress, String> answers = new LinkedHashMap<>();

    /** A node was asked; what it answered before counts until it answers again. */
    void asked(NodeAddress address) {
        answers.putIfAbsent(address, "no answer yet");
    }

    void add(NodeAddress address, String answer) {
        answers.put(address, answer);
    }

    /**
     * The error of a search that found none, with the latest answer of each address.
     *
     * @param known whether there was a node to ask
     */
    R2dbcTransientResourceException error(String database, Duration waited, boolean known) {
        StringBuilder message = new StringBuilder("No leader of the cluster of '")
                .append(clean(database))
                .append("' was found within ")
                .append(waited.toMillis())
                .append(" ms (failoverTimeout)");
        if (answers.isEmpty()) {
            message.append(
                    known
                            ? ": no node was asked in that time"
                            : ": no node is known, since the node store named none; the log says why");
        }
        int shown = 0;
        for (Map.Entry<NodeAddress, String> answer : answers.entrySet()) {
            if (shown == MOST) {
                message.append("; and ").append(answers.size() - MOST).append(" more");
                break;
            }
            message.append(shown++ == 0 ? ": " : "; ").append(clean(answer.getKey() + ": " + answer.getValue()));
        }
        return Errors.transientFailure("08001", message.toString(), 0, null, null);
    }

    /** Text of nodes and of the network, which may hold anything. */
    static String clean(String text) {
        StringBuilder clean = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (clean.length() >= LONGEST) {
                return clean.append("..").toString();
            }
            char c = text.charAt(i);
            boolean shown =
                    !Character.isISOControl(c) && Character.getType(c) != Character.FORMAT && !Character.isSurrogate(c);
            clean.append(shown ? String.valueOf(c) : String.format("\\u%04x", (int) c));
        }
        return clean.toString();
    }
}
