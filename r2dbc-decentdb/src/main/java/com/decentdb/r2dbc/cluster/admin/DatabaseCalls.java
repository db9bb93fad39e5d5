package com.decentdb.r2dbc.cluster.admin;

import com.decentdb.r2dbc.api.cluster.ChangeLogLimits;
import com.decentdb.r2dbc.api.cluster.UnreadableValue;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The calls of an administration that are SQL on its database, and go over sessions. */
public interface DatabaseCalls {

    Flux<UnreadableValue> findUnreadable(String table);

    /**
     * Records the changes of a table.
     *
     * @param limits null for those that the log has
     */
    Mono<Void> enableChangeLog(String table, @Nullable ChangeLogLimits limits);

    Mono<Void> disableChangeLog(String table);
}
