package com.decentdb.r2dbc.codec;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Collections and arrays as the engine reads them in {@code = ANY($1)} and {@code <> ALL($1)}: the text of a JSON array. What
 * JSON has no exact form for is a text there, which the engine reads as the type it is compared with.
 */
final class ArrayText {

    private ArrayText() {}

    /** The members of a collection or an array; null for anything else. */
    static @Nullable Collection<?> members(Object argument) {
        if (argument instanceof Collection<?> collection) {
            return collection;
        }
        if (!argument.getClass().isArray()) {
            return null;
        }
        int length = Array.getLength(argument);
        List<@Nullable Object> members = new ArrayList<>(length);
        for (int i = 0; i < length; i++) {
            members.add(Array.get(argument, i));
        }
        return members;
    }

    /**
     * The text of an array.
     *
     * @throws IllegalArgumentException if a member has no form there
     */
    static Value of(List<Value> members) {
        StringJoiner text = new StringJoiner(",", "[", "]");
        members.forEach(member -> text.add(json(member)));
        return new Value.Text(text.toString());
    }

    private static String json(Value member) {
        if (member instanceof Value.Null) {
            return "null";
        } else if (member instanceof Value.Int64 number) {
            return Long.toString(number.value());
        } else if (member instanceof Value.Bool flag) {
            return Boolean.toString(flag.value());
        } else if (member instanceof Value.Text text) {
            return quoted(text.value());
        } else if (member instanceof Value.Float64 number) {
            return quoted(Double.toString(number.value()));
        } else if (member instanceof Value.Decimal number) {
            return quoted(BigDecimal.valueOf(number.unscaled(), number.scale()).toPlainString());
        } else if (member instanceof Value.Uuid uuid) {
            return quoted(uuid.value().toString());
        } else if (member instanceof Value.Date date) {
            return quoted(LocalDate.ofEpochDay(date.days()).toString());
        } else if (member instanceof Value.Time time) {
            return quoted(DateTimeFormatter.ISO_LOCAL_TIME.format(LocalTime.ofNanoOfDay(time.micros() * 1000)));
        } else if (member instanceof Value.Timestamp timestamp) {
            return quoted(dateTime(timestamp.micros()));
        } else if (member instanceof Value.TimestampTz timestamp) {
            return quoted(dateTime(timestamp.micros()) + "Z");
        }
        throw new IllegalArgumentException("A " + member.getClass().getSimpleName()
                + " cannot be a member of an array that is bound; bind it as a parameter of its own");
    }

    private static String dateTime(long micros) {
        Instant instant = Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
        return DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(LocalDateTime.ofInstant(instant, ZoneOffset.UTC));
    }

    private static String quoted(String text) {
        return '"' + String.valueOf(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
