package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeWatch;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Opens watches from requests in the engine's JSON. */
final class WatchOpener {

    /** The hub's thread takes events as they come, so the engine's queues only bridge its pauses. */
    private static final int QUEUE_CAPACITY = 8192;

    private WatchOpener() {}

    static NativeWatch open(NativeDatabase handle, WatchRequest request) {
        if (request instanceof WatchRequest.Tables tables) {
            return handle.watchTable(json(Map.of("tables", tables.tables())));
        }
        if (request instanceof WatchRequest.Range range) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("table", range.table());
            putUnlessNull(fields, "lower", KeyBounds.json(range.lower()));
            putUnlessNull(fields, "upper", KeyBounds.json(range.upper()));
            return handle.watchRange(json(fields));
        }
        if (request instanceof WatchRequest.Query query) {
            return open(handle, query);
        }
        List<String> tables = ((WatchRequest.Changes) request).tables();
        return handle.changeStream(json(tables.isEmpty() ? Map.of() : Map.of("tables", tables)));
    }

    /**
     * The engine finds out which tables a query reads, and runs it. Its rows are not needed, so it is asked for none of
     * them where it understands that.
     */
    private static NativeWatch open(NativeDatabase handle, WatchRequest.Query query) {
        List<@Nullable Object> nulls = Collections.nCopies(query.parameters(), null);
        try {
            String none = "SELECT 1 FROM (" + query.sql() + "\n) AS watched LIMIT 0";
            return handle.watchQuery(json(Map.of("sql", none, "params", nulls)));
        } catch (NativeException e) {
            return handle.watchQuery(json(Map.of("sql", query.sql(), "params", nulls)));
        }
    }

    private static void putUnlessNull(Map<String, Object> fields, String name, @Nullable Object value) {
        if (value != null) {
            fields.put(name, value);
        }
    }

    private static String json(Map<String, ?> fields) {
        Map<String, Object> request = new LinkedHashMap<>(fields);
        request.put("queue_capacity", QUEUE_CAPACITY);
        try {
            return JSON.std.asString(request);
        } catch (IOException e) {
            throw new IllegalStateException("A watch request cannot be written as JSON", e);
        }
    }
}
