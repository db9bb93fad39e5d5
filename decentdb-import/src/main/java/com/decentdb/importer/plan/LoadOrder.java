package com.decentdb.importer.plan;

import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.text.Names;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The order of tables in which foreign keys refer to tables before, except in cycles. */
public final class LoadOrder {

    private LoadOrder() {}

    public static List<SourceTable> of(Collection<SourceTable> tables) {
        List<SourceTable> ordered = new ArrayList<>();
        Set<SourceTable> waiting = new LinkedHashSet<>(tables);
        Set<String> names = new HashSet<>();
        waiting.forEach(table -> names.add(Names.lower(table.name)));
        while (!waiting.isEmpty()) {
            SourceTable next = waiting.stream()
                    .filter(table -> isFree(table, names))
                    .findFirst()
                    .orElseGet(() -> waiting.iterator().next());
            waiting.remove(next);
            names.remove(Names.lower(next.name));
            ordered.add(next);
        }
        return ordered;
    }

    private static boolean isFree(SourceTable table, Set<String> waiting) {
        return table.foreignKeys.stream()
                .map(key -> Names.lower(key.target()))
                .allMatch(target -> target.equals(Names.lower(table.name)) || !waiting.contains(target));
    }
}
