package com.decentdb.r2dbc.runtime;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeWatch;
import com.decentdb.r2dbc.codec.Value;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes watch requests in the engine's JSON. */
final class Watches {

    private Watches() {}

    static NativeWatch open(NativeDatabase handle, WatchRequest request) {
        if (request instanceof WatchRequest.Tables tables) {
            return handle.watchTable(json(Map.of("tables", tables.tables())));
        }
        if (request instanceof WatchRequest.Query query) {
            List<@Nullable Object> arguments = new ArrayList<>();
            query.arguments().forEach(value -> arguments.add(plain(value)));
            return handle.watchQuery(json(Map.of("sql", query.sql(), "params", arguments)));
        }
        WatchRequest.Changes changes = (WatchRequest.Changes) request;
        return handle.changeStream(json(changes.tables().isEmpty() ? Map.of() : Map.of("tables", changes.tables())));
    }

    private static @Nullable Object plain(Value value) {
        if (value instanceof Value.Null) {
            return null;
        } else if (value instanceof Value.Int64 v) {
            return v.value();
        } else if (value instanceof Value.Float64 v) {
            return v.value();
        } else if (value instanceof Value.Bool v) {
            return v.value();
        } else if (value instanceof Value.Text v) {
            return v.value();
        } else if (value instanceof Value.Uuid v) {
            return v.value().toString();
        }
        throw Errors.of(
                "0A000",
                "A watched query takes arguments that are integers, floating point numbers, booleans, text, UUIDs or NULL;"
                        + " not " + value.getClass().getSimpleName(),
                null);
    }

    private static String json(Map<String, ?> request) {
        try {
            return JSON.std.asString(request);
        } catch (IOException e) {
            throw new IllegalStateException("A watch request cannot be written as JSON", e);
        }
    }
}
