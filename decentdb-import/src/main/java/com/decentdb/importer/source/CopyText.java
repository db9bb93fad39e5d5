package com.decentdb.importer.source;

import com.decentdb.importer.ImportException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The text form of {@code COPY}: values between tabs, {@code \N} for NULL, backslashes before what would be misread. */
final class CopyText {

    private CopyText() {}

    /** The values of a line; another number than expected is an error. */
    static @Nullable String[] values(String line, int expected, long number) {
        @Nullable String[] values = new @Nullable String[expected];
        int found = 0;
        int from = 0;
        while (from <= line.length()) {
            int tab = line.indexOf('\t', from);
            int end = tab < 0 ? line.length() : tab;
            if (found < expected) {
                values[found] = value(line, from, end, number);
            }
            found++;
            from = end + 1;
        }
        if (expected == 0 && line.isEmpty()) {
            return values;
        }
        if (found != expected) {
            throw new ImportException(
                    number,
                    "the row has " + found + (found == 1 ? " value" : " values") + " for " + expected + " columns");
        }
        return Arrays.copyOf(values, expected);
    }

    private static @Nullable String value(String line, int from, int end, long number) {
        int escape = line.indexOf('\\', from);
        if (escape < 0 || escape >= end) {
            return line.substring(from, end);
        }
        if (end - from == 2 && line.charAt(from + 1) == 'N' && escape == from) {
            return null;
        }
        StringBuilder value = new StringBuilder(end - from);
        for (int i = from; i < end; i++) {
            char c = line.charAt(i);
            if (c != '\\') {
                value.append(c);
                continue;
            }
            if (++i == end) {
                throw new ImportException(number, "a value ends in a backslash");
            }
            char escaped = line.charAt(i);
            switch (escaped) {
                case 'b' -> value.append('\b');
                case 'f' -> value.append('\f');
                case 'n' -> value.append('\n');
                case 'r' -> value.append('\r');
                case 't' -> value.append('\t');
                case 'v' -> value.append('\u000b');
                default -> {
                    if (escaped == 'x' || (escaped >= '0' && escaped <= '7')) {
                        throw new ImportException(
                                number, "the escape \\" + escaped + " is not supported; pg_dump does not write it");
                    }
                    value.append(escaped);
                }
            }
        }
        return value.toString();
    }
}
