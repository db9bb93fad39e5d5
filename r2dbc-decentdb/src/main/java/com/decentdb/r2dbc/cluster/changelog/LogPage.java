package com.decentdb.r2dbc.cluster.changelog;

import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.cluster.wire.Param;
import com.decentdb.r2dbc.cluster.wire.RowsFrame;
import com.decentdb.r2dbc.cluster.wire.Tuple;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import com.decentdb.r2dbc.transport.WatchedEvent.ChangedRow;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A piece of the log: the rows behind a position, read at one moment and therefore of whole commits, unless there are so many that they
 * come in several pieces.
 *
 * @param after the position it begins behind
 * @param tables the logged tables by name
 * @param range the keys that are wanted; null for all
 */
record LogPage(List<RowsFrame> frames, long after, Map<String, LogTable> tables, WatchRequest.@Nullable Range range) {

    private static final int MOST_ROWS = 4096;

    /** Characters; one row may be longer. */
    private static final int MOST_TEXT = 4_000_000;

    private static final int FIRST = 1;
    private static final int LAST = 2;
    private static final int SEQ = 3;
    private static final int TABLE = 4;
    private static final int OP = 5;
    private static final int KEY = 6;
    private static final int BEFORE = 7;
    private static final int AFTER = 8;

    /** The query of a page of some tables, of all if there are none. It has a row even where the log has none. */
    static String query(int tables) {
        String wanted =
                tables == 0 ? "" : " AND c.\"table\" IN (" + String.join(", ", Collections.nCopies(tables, "?")) + ")";
        return "WITH page(seq, ahead) AS (SELECT seq, sum(size) OVER (ORDER BY seq) - size FROM (SELECT seq, size FROM "
                + LogTriggers.LOG + " WHERE seq > ?1 ORDER BY seq LIMIT " + MOST_ROWS
                + ")), ends(first, last) AS (SELECT min(seq), max(seq) FROM page WHERE ahead < " + MOST_TEXT
                + ") SELECT (SELECT schema_version FROM pragma_schema_version) AS version, e.first, e.last, c.seq, c.\"table\", c.op,"
                + " c.\"key\", c.\"before\", c.\"after\" FROM ends AS e LEFT JOIN " + LogTriggers.LOG
                + " AS c ON c.seq > ?1 AND c.seq <= e.last" + wanted + " ORDER BY c.seq";
    }

    static Tuple arguments(long after, List<String> tables) {
        List<Param> arguments = new ArrayList<>();
        arguments.add(new Param.Int(after));
        tables.forEach(table -> arguments.add(new Param.Text(table)));
        return new Tuple(arguments);
    }

    private RowsFrame head() {
        return frames.get(0);
    }

    long schemaVersion() {
        return head().int64(0, 0);
    }

    /** Whether the log has nothing behind the position. */
    boolean isEmpty() {
        return head().isNull(0, LAST);
    }

    /** The position behind it. */
    long last() {
        return head().int64(0, LAST);
    }

    /** Its events, of which the last may be none at all. */
    List<WatchedEvent> events() {
        List<WatchedEvent> events = new ArrayList<>();
        long first = head().int64(0, FIRST);
        if (first > after + 1) {
            events.add(lagged(after, first - 1, "trimmed"));
        }
        List<ChangedRow> rows = new ArrayList<>();
        long seen = Math.max(after, first - 1);
        for (RowsFrame frame : frames) {
            for (int i = 0; i < frame.rows(); i++) {
                if (frame.isNull(i, SEQ)) {
                    continue;
                }
                String op = frame.text(i, OP);
                long seq = frame.int64(i, SEQ);
                if (op.equals(LogTriggers.ENABLED) || op.equals(LogTriggers.DISABLED)) {
                    commit(events, rows, seen);
                    events.add(lagged(seen, seq, "change log of " + frame.text(i, TABLE) + " " + op));
                } else {
                    add(rows, frame, i, op);
                }
                seen = seq;
            }
        }
        commit(events, rows, seen);
        return events;
    }

    private void add(List<ChangedRow> rows, RowsFrame frame, int i, String op) {
        String name = frame.text(i, TABLE);
        LogTable table = tables.get(name);
        Map<String, @Nullable Object> before = frame.isNull(i, BEFORE) ? null : RowImages.values(frame.text(i, BEFORE));
        Map<String, @Nullable Object> after = frame.isNull(i, AFTER) ? null : RowImages.values(frame.text(i, AFTER));
        WatchRequest.Range keys = range;
        if (keys != null && table != null) {
            KeyRange wanted = new KeyRange(keys, table);
            if (!(before != null && wanted.holds(before)) && !(after != null && wanted.holds(after))) {
                return;
            }
        }
        rows.add(new ChangedRow(
                name,
                RowChange.Operation.valueOf(op.toUpperCase(Locale.ROOT)),
                RowImages.image(RowImages.values(frame.text(i, KEY)), table),
                before == null ? null : RowImages.image(before, table),
                after == null ? null : RowImages.image(after, table)));
    }

    private static void commit(List<WatchedEvent> events, List<ChangedRow> rows, long last) {
        if (rows.isEmpty()) {
            return;
        }
        Set<String> names = new LinkedHashSet<>();
        rows.forEach(row -> names.add(row.table()));
        events.add(new WatchedEvent(
                WatchedEvent.Type.COMMIT,
                last,
                0,
                last,
                LogTriggers.SOURCE,
                List.copyOf(names),
                false,
                List.copyOf(rows),
                true,
                "",
                "{\"event\":\"change\",\"source\":\"" + LogTriggers.SOURCE + "\",\"event_id\":" + last + ",\"rows\":"
                        + rows.size() + "}"));
        rows.clear();
    }

    private static WatchedEvent lagged(long lastSeen, long latest, String reason) {
        String quoted = reason.chars()
                .mapToObj(
                        c -> c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", c) : String.valueOf((char) c))
                .collect(Collectors.joining("", "\"", "\""));
        return WatchedEvent.plain(
                WatchedEvent.Type.LAGGED,
                latest,
                lastSeen,
                latest,
                reason,
                "{\"event\":\"lagged\",\"last_seen_event_id\":" + lastSeen + ",\"latest_event_id\":" + latest
                        + ",\"reason\":" + quoted + "}");
    }
}
