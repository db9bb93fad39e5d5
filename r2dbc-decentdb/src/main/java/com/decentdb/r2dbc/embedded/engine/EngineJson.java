package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.r2dbc.transport.Errors;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.r2dbc.spi.R2dbcException;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the JSON in which engines describe things. Fields that an engine leaves out are read as absent. */
public final class EngineJson {

    /** The parser beneath the object mapper, whose own start would slow the first statement of a JVM. */
    private static final JsonFactory PARSERS = new JsonFactory();

    private EngineJson() {}

    /**
     * Reads an object.
     *
     * @param subject what the engine described, for the error
     * @throws io.r2dbc.spi.R2dbcException XX000 if the text is not a JSON object
     */
    public static Map<String, @Nullable Object> object(String json, String subject) {
        Map<String, @Nullable Object> object = object(read(json, subject));
        if (object == null) {
            throw unreadable(json, subject, null);
        }
        return object;
    }

    /**
     * Reads an array of objects.
     *
     * @param subject what the engine described, for the error
     * @throws io.r2dbc.spi.R2dbcException XX000 if the text is not a JSON array
     */
    public static List<Map<String, @Nullable Object>> array(String json, String subject) {
        Object array = read(json, subject);
        if (!(array instanceof List<?>)) {
            throw unreadable(json, subject, null);
        }
        return objects(array);
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

    private static @Nullable Object read(String json, String subject) {
        try (JsonParser parser = PARSERS.createParser(json)) {
            parser.nextToken();
            return value(parser);
        } catch (IOException e) {
            throw unreadable(json, subject, e);
        }
    }

    private static @Nullable Object value(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null) {
            throw new EOFException("the text ends in the middle");
        }
        return switch (token) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> object = new LinkedHashMap<>();
                for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                    parser.nextToken();
                    object.put(name, value(parser));
                }
                yield object;
            }
            case START_ARRAY -> {
                List<@Nullable Object> array = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    array.add(value(parser));
                }
                yield array;
            }
            case VALUE_NULL -> null;
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            default -> parser.getText();
        };
    }

    private static R2dbcException unreadable(String json, String subject, @Nullable IOException cause) {
        return Errors.of(
                "XX000", "The engine described " + subject + " in JSON that cannot be read: " + json, 0, null, cause);
    }
}
