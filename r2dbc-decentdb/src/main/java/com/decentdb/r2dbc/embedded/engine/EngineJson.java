package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.r2dbc.transport.Errors;
import com.fasterxml.jackson.jr.ob.JSON;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the JSON in which engines describe things. Fields that an engine leaves out are read as absent. */
public final class EngineJson {

    private EngineJson() {}

    /**
     * Reads an object.
     *
     * @param subject what the engine described, for the error
     * @throws io.r2dbc.spi.R2dbcException XX000 if the text is not a JSON object
     */
    public static Map<String, @Nullable Object> object(String json, String subject) {
        try {
            return JSON.std.mapFrom(json);
        } catch (IOException e) {
            throw unreadable(json, subject, e);
        }
    }

    /**
     * Reads an array of objects.
     *
     * @param subject what the engine described, for the error
     * @throws io.r2dbc.spi.R2dbcException XX000 if the text is not a JSON array
     */
    public static List<Map<String, @Nullable Object>> array(String json, String subject) {
        try {
            return objects(JSON.std.listFrom(json));
        } catch (IOException e) {
            throw unreadable(json, subject, e);
        }
    }

    /** The objects of an array; none if the value is something else. */
    public static List<Map<String, @Nullable Object>> objects(@Nullable Object value) {
        List<Map<String, @Nullable Object>> objects = new ArrayList<>();
        for (Object each : value instanceof List<?> all ? all : List.of()) {
            Map<String, @Nullable Object> object = object(each);
            if (object != null) {
                objects.add(object);
            }
        }
        return objects;
    }

    /** The value as an object; null if it is something else. */
    @SuppressWarnings("unchecked")
    public static @Nullable Map<String, @Nullable Object> object(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? (Map<String, @Nullable Object>) map : null;
    }

    private static R2dbcException unreadable(String json, String subject, IOException cause) {
        return Errors.of(
                "XX000", "The engine described " + subject + " in JSON that cannot be read: " + json, 0, null, cause);
    }
}
