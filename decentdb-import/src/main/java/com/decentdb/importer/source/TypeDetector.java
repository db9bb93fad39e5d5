package com.decentdb.importer.source;

import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.ColumnType.Kind;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds a type for a column of texts: one in which every value is, read as text, the same again. {@code 007} is no number, and {@code 1.50}
 * is one only beside numbers with two digits behind the point.
 */
final class TypeDetector {

    private static final Pattern WHOLE = Pattern.compile("0|-?[1-9]\\d{0,18}");
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*)\\.(\\d+)");
    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final Pattern FRACTION = Pattern.compile("\\.\\d{0,5}[1-9]");
    private static final int DIGITS = 18;
    /** As many digits every double keeps. */
    private static final int DOUBLE_DIGITS = 15;

    private static final int TIME = "12:00:00".length();
    private static final int DATE = "2024-07-01".length();

    private final Set<Kind> possible = EnumSet.of(
            Kind.INT64,
            Kind.DECIMAL,
            Kind.FLOAT64,
            Kind.BOOL,
            Kind.DATE,
            Kind.TIME,
            Kind.TIMESTAMP,
            Kind.TIMESTAMPTZ,
            Kind.UUID);
    private boolean any;
    private int scale;

    void see(String value) {
        if (!possible.isEmpty()) {
            possible.removeIf(kind -> !isOf(kind, value));
            any = true;
        }
    }

    private boolean isOf(Kind kind, String value) {
        return switch (kind) {
            case INT64 -> isWhole(value);
            case DECIMAL -> isDecimal(value);
            case FLOAT64 -> isDouble(value);
            case BOOL -> value.equals("true") || value.equals("false");
            case DATE -> isDate(value);
            case TIME -> isTime(value);
            case TIMESTAMP -> isTimestamp(value);
            case TIMESTAMPTZ -> value.endsWith("+00") && isTimestamp(value.substring(0, value.length() - 3));
            case UUID -> UUID.matcher(value).matches();
            default -> false;
        };
    }

    private static boolean isWhole(String value) {
        if (!WHOLE.matcher(value).matches()) {
            return false;
        }
        try {
            Long.parseLong(value);
            return true;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static int digits(String value) {
        return (int) value.chars().filter(Character::isDigit).count();
    }

    /** Each value has as many digits behind the point as the first, and at least one. */
    private boolean isDecimal(String value) {
        if (!NUMBER.matcher(value).matches() || digits(value) > DIGITS || isNegativeZero(value)) {
            return false;
        }
        int digits = value.length() - value.indexOf('.') - 1;
        scale = any ? scale : digits;
        return digits == scale;
    }

    /** A number that is its own shortest form, and one that is not written with an exponent. */
    private static boolean isDouble(String value) {
        if (digits(value) > DOUBLE_DIGITS || isNegativeZero(value)) {
            return false;
        }
        boolean fraction = NUMBER.matcher(value).matches() && !value.endsWith("0");
        double size = fraction || WHOLE.matcher(value).matches() ? Math.abs(Double.parseDouble(value)) : -1;
        return size == 0 || (size >= 1e-4 && size < 1e15);
    }

    private static boolean isNegativeZero(String value) {
        return value.startsWith("-") && value.chars().noneMatch(c -> c >= '1' && c <= '9');
    }

    private static boolean isDate(String value) {
        try {
            return value.length() == DATE
                    && value.compareTo("0001") > 0
                    && LocalDate.parse(value).toString().equals(value);
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static boolean isTime(String value) {
        if (value.length() < TIME
                || (value.length() > TIME
                        && !FRACTION.matcher(value.substring(TIME)).matches())) {
            return false;
        }
        try {
            LocalTime.parse(value);
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static boolean isTimestamp(String value) {
        return value.length() > DATE
                && value.charAt(DATE) == ' '
                && isDate(value.substring(0, DATE))
                && isTime(value.substring(DATE + 1));
    }

    /** The type; text if no other is, or if there was no value. */
    ColumnType type() {
        if (!any || possible.isEmpty()) {
            return ColumnType.TEXT;
        }
        Kind first = possible.iterator().next();
        // The order of kinds is that of their declaration, in which doubles come before decimals.
        Kind kind = possible.contains(Kind.DECIMAL) && !possible.contains(Kind.INT64) ? Kind.DECIMAL : first;
        return new ColumnType(kind, kind == Kind.DECIMAL ? "DECIMAL(" + DIGITS + "," + scale + ")" : kind.name());
    }
}
