package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.api.DecentDbErrorDetails;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlOrigin;
import com.decentdb.r2dbc.transport.ErrorText;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The details of an engine's error: from its diagnostic where that has them, as the bundled engine's has, else from its text, which is
 * all that libdecentdb gives.
 */
final class NativeDetails {

    private static final ErrorText TEXTS = new ErrorText(List.of(
            "^unique constraint (?<constraint>.+) on (?<table>.+) was violated$",
            "^foreign key on (?<table>.+) references missing parent row in .+$",
            "^(?:DELETE|UPDATE) on (?<table>.+) violates a foreign key from .+$",
            "^CHECK constraint failed on table (?<table>.+)$",
            "^column (?<qualified>.+) may not be NULL$",
            "^column (?<qualified>.+) requires .+ values$",
            "^invalid ENUM label .* for column (?<column>[^ ]+)$"));

    /** How libdecentdb's grammar names the place of a syntax error. */
    private static final Pattern NEAR = Pattern.compile("at or near \"(?<token>.+)\"");

    private NativeDetails() {}

    /** @param statement the statement that failed, null where there is none */
    static DecentDbErrorDetails of(NativeException e, String message, @Nullable SqlCommand statement) {
        ErrorText.Names names = names(e.context());
        if (names.isEmpty() && e.status() == Status.CONSTRAINT) {
            names = TEXTS.read(message);
        }
        String hint = text(e.hint());
        if (e.status() != Status.SQL || statement == null) {
            return names.details(null, e.subcode(), hint);
        }
        String style = statement.origin().styleHint();
        return names.details(place(e.context(), message, statement), e.subcode(), style == null ? hint : style);
    }

    private static ErrorText.Names names(Map<String, Object> context) {
        String column = text(context.get("column"));
        List<String> columns = context.get("columns") instanceof List<?> several
                ? several.stream().map(String::valueOf).toList()
                : List.of();
        return new ErrorText.Names(
                text(context.get("constraint")),
                text(context.get("relation")),
                column == null ? columns : List.of(column));
    }

    private static SqlOrigin.@Nullable Place place(Map<String, Object> context, String message, SqlCommand statement) {
        SqlOrigin origin = statement.origin();
        if (context.get("position") instanceof Map<?, ?> place
                && place.get("line") instanceof Number line
                && place.get("column") instanceof Number column) {
            return origin.at(statement.text(), line.intValue(), column.intValue());
        }
        Matcher near = NEAR.matcher(message);
        if (near.find()) {
            // The engine does not say where the token stands: it is certain only where there is one.
            return origin.ofOnly(near.group("token"));
        }
        return message.contains("syntax error at end of input") ? origin.atEnd() : null;
    }

    private static @Nullable String text(@Nullable Object value) {
        return value instanceof String text && !text.isEmpty() ? text : null;
    }
}
