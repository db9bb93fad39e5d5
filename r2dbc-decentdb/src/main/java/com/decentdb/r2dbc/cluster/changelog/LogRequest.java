package com.decentdb.r2dbc.cluster.changelog;

import com.decentdb.r2dbc.transport.WatchRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The part of the log that a subscriber wants.
 *
 * @param tables the tables, none for all that are logged
 * @param after the number of the last change it knows; null for those from now on
 * @param range the keys of the one table; null for all
 */
public record LogRequest(List<String> tables, @Nullable Long after, WatchRequest.@Nullable Range range) {

    /** Answers the request of a watch or of a change stream; null for a query, whose tables only the server knows. */
    public static @Nullable LogRequest of(WatchRequest request) {
        if (request instanceof WatchRequest.Changes changes) {
            return new LogRequest(changes.tables(), changes.after(), null);
        } else if (request instanceof WatchRequest.Tables named) {
            return new LogRequest(named.tables(), null, null);
        } else if (request instanceof WatchRequest.Range range) {
            return new LogRequest(List.of(range.table()), null, range);
        }
        return null;
    }
}
