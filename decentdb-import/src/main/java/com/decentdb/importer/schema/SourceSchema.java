package com.decentdb.importer.schema;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The schema of the source. */
public final class SourceSchema {

    /** Tables by name, in the order of their rows. */
    public final Map<String, SourceTable> tables = new LinkedHashMap<>();

    /** The texts of views by name. */
    public final Map<String, View> views = new LinkedHashMap<>();

    public final Map<String, Sequence> sequences = new LinkedHashMap<>();

    /** Types of the source, such as enums and domains, that expressions cast to and the target has no name for. */
    public final Set<String> types = new LinkedHashSet<>();

    /** A view, with the query behind {@code AS}. */
    public record View(String name, @Nullable String columns, String query, long line) {}

    /** A sequence: the options behind {@code CREATE SEQUENCE name}, its last value, and whether that was given away. */
    public static final class Sequence {
        public final String name;
        public final String options;
        public final long line;
        public @Nullable Long last;
        public boolean called;

        public Sequence(String name, String options, long line) {
            this.name = name;
            this.options = options;
            this.line = line;
        }
    }
}
