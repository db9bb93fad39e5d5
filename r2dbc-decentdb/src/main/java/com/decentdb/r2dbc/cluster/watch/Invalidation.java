package com.decentdb.r2dbc.cluster.watch;

import com.decentdb.r2dbc.transport.WatchedEvent;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Something may have changed.
 *
 * @param source how that is known, for users
 * @param tables the tables, none if they are unknown
 * @param schemaChanged whether the schema may be another one
 */
record Invalidation(String source, Set<String> tables, boolean schemaChanged) {

    /** This factory committed. */
    static final String OWN = "this factory";

    /** Another client committed, or a trigger wrote to other tables than its statement names. */
    static final String OTHERS = "data version";

    /** The commits made meanwhile are unknown. */
    static final String RECONNECTED = "leader change";

    /** A change of tables that are unknown. */
    static Invalidation unknown(String source) {
        return new Invalidation(source, Set.of(), false);
    }

    /** Both, for a subscriber that has not asked for the first yet. */
    Invalidation and(Invalidation next) {
        Set<String> all = new LinkedHashSet<>();
        if (!tables.isEmpty() && !next.tables.isEmpty()) {
            all.addAll(tables);
            all.addAll(next.tables);
        }
        return new Invalidation(next.source, all, schemaChanged || next.schemaChanged);
    }

    WatchedEvent event(long id) {
        String names = tables.stream().map(Invalidation::quoted).collect(Collectors.joining(","));
        String description = "{\"event\":\"invalidate\",\"source\":\"" + source + "\",\"tables\":[" + names
                + "],\"schema_changed\":" + schemaChanged + "}";
        return new WatchedEvent(
                WatchedEvent.Type.COMMIT,
                id,
                id - 1,
                id,
                source,
                List.copyOf(tables),
                schemaChanged,
                List.of(),
                false,
                "",
                description);
    }

    private static String quoted(String name) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c < ' ') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c == '"' || c == '\\' ? "\\" : "").append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
