package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.api.DecentDbErrorDetails;
import com.decentdb.r2dbc.sql.SqlOrigin;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Known texts of a database, from which its errors are read where it gives nothing but texts. Groups of the patterns are named
 * {@code constraint}, {@code table}, {@code column}, and {@code qualified} for columns that are separated by commas and have their table
 * and a point before them; a point within a name cannot be told from that one.
 */
public final class ErrorText {

    private final List<Pattern> patterns;

    public ErrorText(List<String> patterns) {
        this.patterns = patterns.stream().map(Pattern::compile).toList();
    }

    /**
     * The names in a text.
     *
     * @param columns as the text has them, none if it names none
     */
    public record Names(
            @Nullable String constraint, @Nullable String table, List<String> columns) {

        /** Names that are not known. */
        public static final Names NONE = new Names(null, null, List.of());

        /**
         * Whether there are none. Without {@code equals}, whose first call the JDK remembers by the class of the record, and keeps the
         * class loader of an application that was undeployed.
         */
        public boolean isEmpty() {
            return constraint == null && table == null && columns.isEmpty();
        }

        /** The details with these names. */
        public DecentDbErrorDetails details(SqlOrigin.@Nullable Place place, String nativeCode, @Nullable String hint) {
            return new DecentDbErrorDetails(
                    constraint,
                    table,
                    columns,
                    place == null ? null : new DecentDbErrorDetails.Position(place.line(), place.column()),
                    nativeCode,
                    hint);
        }
    }

    /** The names in a message, as far as the first pattern that fits shows them. */
    public Names read(String message) {
        for (Pattern pattern : patterns) {
            Matcher matcher = pattern.matcher(message);
            if (matcher.find()) {
                String column = group(matcher, "column");
                String qualified = group(matcher, "qualified");
                String table = group(matcher, "table");
                List<String> columns = new ArrayList<>();
                if (column != null) {
                    columns.add(column);
                }
                if (qualified != null) {
                    for (String each : qualified.split(", ", -1)) {
                        int point = each.indexOf('.');
                        table = point < 0 ? table : each.substring(0, point);
                        columns.add(each.substring(point + 1));
                    }
                }
                return new Names(group(matcher, "constraint"), table, columns);
            }
        }
        return Names.NONE;
    }

    private static @Nullable String group(Matcher matcher, String name) {
        return matcher.pattern().pattern().contains("(?<" + name + ">") ? matcher.group(name) : null;
    }
}
