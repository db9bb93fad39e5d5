package com.decentdb.r2dbc.settings;

import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Waits;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads options of any type they come in, and names the one that is wrong. */
public final class OptionReader {

    private final ConnectionFactoryOptions options;

    public OptionReader(ConnectionFactoryOptions options) {
        this.options = options;
    }

    /** The value itself, or the one its supplier returns. */
    private @Nullable Object value(Option<?> option) {
        Object value = options.getValue(option);
        return value instanceof Supplier<?> supplier ? supplier.get() : value;
    }

    @Nullable
    public String text(Option<?> option) {
        Object value = value(option);
        return value == null ? null : value.toString();
    }

    /** Refuses an option that the other kind of database has, rather than ignore it. */
    public void refuse(String name, String why) {
        if (options.hasOption(Option.valueOf(name))) {
            throw Errors.of("08001", "Option '" + name + "' " + why, null);
        }
    }

    public int integer(Option<Integer> option, int fallback, int min) {
        Object value = value(option);
        if (value == null) {
            return fallback;
        }
        try {
            int number = value instanceof Number n
                    ? Math.toIntExact(n.longValue())
                    : Integer.parseInt(value.toString().trim());
            if (number >= min) {
                return number;
            }
        } catch (NumberFormatException | ArithmeticException e) {
            throw invalid(option, value, "a whole number from " + min);
        }
        throw invalid(option, value, "a whole number from " + min);
    }

    public boolean flag(Option<Boolean> option, boolean fallback) {
        Object value = value(option);
        if (value == null) {
            return fallback;
        }
        return switch (value.toString().trim().toLowerCase(Locale.ROOT)) {
            case "true", "1", "on", "yes" -> true;
            case "false", "0", "off", "no" -> false;
            default -> throw invalid(option, value, "true or false");
        };
    }

    public Duration duration(Option<Duration> option, Duration fallback) {
        Object value = value(option);
        if (value == null) {
            return fallback;
        }
        Duration duration;
        try {
            String text = value.toString().trim();
            boolean millis = value instanceof Number || text.matches("\\d+");
            duration = millis ? Duration.ofMillis(Long.parseLong(text)) : Duration.parse(text);
        } catch (DateTimeParseException | NumberFormatException e) {
            throw invalid(option, value, "a duration such as PT5S, or milliseconds");
        }
        if (duration.isNegative()) {
            throw invalid(option, value, "a duration that is not negative");
        }
        return Waits.atMostUnlimited(duration);
    }

    public <E extends Enum<E>> E constant(Option<String> option, Class<E> type, E fallback, String allowed) {
        Object value = value(option);
        if (value == null) {
            return fallback;
        }
        String wanted = value.toString().replace("_", "").replace("-", "").toLowerCase(Locale.ROOT);
        for (E constant : type.getEnumConstants()) {
            if (constant.name().replace("_", "").toLowerCase(Locale.ROOT).equals(wanted)) {
                return constant;
            }
        }
        throw invalid(option, value, allowed);
    }

    public static R2dbcException invalid(Option<?> option, Object value, String expected) {
        return Errors.of(
                "08001",
                "Option '" + option.name() + "' has the value '" + Errors.shorten(value.toString()) + "' but must be "
                        + expected,
                null);
    }
}
