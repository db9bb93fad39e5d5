package com.decentdb.r2dbc.cluster.line;

import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The queries that a channel keeps prepared, which pays from the second time on. An id is forgotten before the node is asked to
 * finalize it: a node does not survive a request with the id of a finalized statement. Confined to the loop.
 */
final class Statements {

    private static final int MOST = 64;
    private static final int REMEMBERED = 256;
    private static final int LONGEST = 16 * 1024;

    /** The next step on the way to an outcome. */
    sealed interface Step {}

    /** A statement is to be finalized first. */
    record Finalize(int id) implements Step {}

    /** The statement is to be prepared first. */
    record Prepare() implements Step {}

    /** The statement is to be run. */
    record Run() implements Step {}

    private static final class Known {

        private int id;
        private long parameters;
        private @Nullable List<String> columns;
    }

    private final Map<String, Known> prepared = new LinkedHashMap<>(16, 0.75f, true);
    /** Texts that ran once. */
    private final Map<String, Boolean> seen = new LinkedHashMap<>();

    private final Deque<Integer> obsolete = new ArrayDeque<>();

    /** The next step for a statement; asked again after each step. */
    Step next(Work work) {
        Integer id = obsolete.poll();
        if (id != null) {
            return new Finalize(id);
        }
        return worthwhile(work) && !prepared.containsKey(work.sql()) && seen.containsKey(work.sql())
                ? new Prepare()
                : new Run();
    }

    private static boolean worthwhile(Work work) {
        return work.preparable() && work.sql().length() <= LONGEST;
    }

    void prepared(Work work, Reply.Prepared reply) {
        Known known = new Known();
        known.id = reply.id();
        known.parameters = reply.parameters();
        prepared.put(work.sql(), known);
        if (prepared.size() > MOST) {
            String eldest = prepared.keySet().iterator().next();
            forget(eldest);
        }
    }

    byte[] request(Work work) {
        Known known = prepared.get(work.sql());
        if (known != null
                && work.query()
                && known.parameters == work.arguments().params().size()) {
            return Requests.query(known.id, work.arguments());
        }
        return work.query()
                ? Requests.querySql(work.sql(), work.arguments())
                : Requests.execSql(work.sql(), work.arguments());
    }

    /** A query ran. One whose columns are others than before was changed by somebody's DDL, and so may be all. */
    void ran(Work work, List<String> columns) {
        Known known = prepared.get(work.sql());
        if (known == null) {
            if (worthwhile(work)) {
                remember(work.sql());
            }
        } else if (known.columns == null) {
            known.columns = columns;
        } else if (!known.columns.equals(columns)) {
            forgetAll();
        }
    }

    private void remember(String sql) {
        if (seen.size() >= REMEMBERED) {
            seen.clear();
        }
        seen.put(sql, Boolean.TRUE);
    }

    void forgetAll() {
        List.copyOf(prepared.keySet()).forEach(this::forget);
        seen.clear();
    }

    private void forget(String sql) {
        Known known = prepared.remove(sql);
        if (known != null) {
            obsolete.add(known.id);
        }
    }
}
