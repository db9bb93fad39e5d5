package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.embedded.engine.RowRules;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.R2dbcException;
import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps back the rows of events that policies or masks may hide from those who read them: the engine reports rows as they are
 * stored. A watch reports such a commit without its rows; a change stream fails, unless its subscriber asked for the rows by name.
 *
 * @param possible whether the engine has policies and masks
 */
public record HiddenRows(boolean possible) {

    /** Whether the rules of the tables have to be known to pass an event on. */
    boolean dependOn(WatchedEvent event) {
        return possible && event.type() == WatchedEvent.Type.COMMIT;
    }

    /** The tables with rules, in lower case. */
    Set<String> tables(NativeDatabase handle) {
        return RowRules.tables(handle);
    }

    /** Refuses a request for rows of a table with rules. */
    void check(NativeDatabase handle, WatchRequest request) {
        if (possible && request instanceof WatchRequest.Changes changes && !changes.unmasked()) {
            Set<String> ruled = tables(handle);
            String table = first(changes.tables().isEmpty() ? ruled : changes.tables(), ruled);
            if (table != null) {
                throw refusal(table);
            }
        }
    }

    /**
     * Whether the subscribers of a request may see the rows of an event.
     *
     * @param ruled the tables with rules; null if they could not be read
     * @throws R2dbcException if they may not, and can do nothing with an event without rows
     */
    boolean show(WatchRequest request, WatchedEvent event, @Nullable Set<String> ruled) {
        boolean unmasked = request instanceof WatchRequest.Changes changes && changes.unmasked();
        if (unmasked || !dependOn(event)) {
            return true;
        }
        String table = ruled == null ? "that changed" : first(event.tables(), ruled);
        if (table != null && request instanceof WatchRequest.Changes) {
            throw refusal(table);
        }
        return table == null;
    }

    private static @Nullable String first(Collection<String> tables, Set<String> ruled) {
        return tables.stream()
                .filter(table -> ruled.contains(table.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElse(null);
    }

    private static R2dbcException refusal(String table) {
        return Errors.of(
                "0A000",
                "A change stream carries rows as they are stored, and policies or masks decide who may see those of the table "
                        + table
                        + ". Follow other tables, watch this one without its rows, or ask for the rows by name with"
                        + " changeStream(ChangeStreamOption.UNMASKED, ..)",
                null);
    }
}
