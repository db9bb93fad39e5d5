package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.api.LiveChanges;
import com.decentdb.r2dbc.api.LiveResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Compares each result with the one before, row by row; null if nothing changed. Used by one thread at a time. */
final class ResultDiff<T> implements Function<LiveResult<T>, @Nullable LiveChanges<T>> {

    private final Function<? super T, ?> key;
    private @Nullable Map<Object, T> before;

    ResultDiff(Function<? super T, ?> key) {
        this.key = key;
    }

    @Override
    public @Nullable LiveChanges<T> apply(LiveResult<T> result) {
        Map<Object, T> now = new LinkedHashMap<>();
        for (T row : result.rows()) {
            if (now.putIfAbsent(key.apply(row), row) != null) {
                throw new IllegalStateException("Two rows of the live query have the key " + key.apply(row));
            }
        }
        Map<Object, T> old = before == null ? Map.of() : before;
        boolean first = before == null;
        before = now;
        List<T> added = new ArrayList<>();
        List<T> changed = new ArrayList<>();
        now.forEach((id, row) -> {
            T was = old.get(id);
            if (was == null) {
                added.add(row);
            } else if (!was.equals(row)) {
                changed.add(row);
            }
        });
        List<T> removed = old.entrySet().stream()
                .filter(each -> !now.containsKey(each.getKey()))
                .map(Map.Entry::getValue)
                .toList();
        return first || !added.isEmpty() || !changed.isEmpty() || !removed.isEmpty()
                ? new LiveChanges<>(added, changed, removed, result.reason(), result.tables())
                : null;
    }
}
