package com.decentdb.r2dbc.api;

import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.List;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * An element of a change stream: {@link Initial} once, then a {@link Commit} for every commit in order, and
 * {@link Lagged} where commits are missing.
 */
public sealed interface Change {

    /**
     * The engine's event, for fields not modelled here.
     *
     * @return JSON
     */
    String json();

    /**
     * The stream is in place: every later commit will be reported. A subscriber that needs the rows as well reads them now,
     * and applies the later commits to them.
     *
     * @param commitPosition where in the log the last commit ended then
     * @param json the engine's event
     */
    record Initial(long commitPosition, String json) implements Change {}

    /**
     * A commit with its changes to the tables of the stream.
     *
     * @param eventId the number of the event, ascending while the database is open; on a cluster for good, so that
     *     {@link LiveData#changeStreamAfter} can go on behind it
     * @param commitPosition where in the log the commit ends; only good for distinguishing commits
     * @param source how it was written, in the words of the engine, such as {@code direct}
     * @param tables the tables it touched
     * @param schemaChanged whether it changed the schema; then every stream gets the event, and {@code tables} may be others
     * @param rows the rows it changed, in the order it changed them
     * @param complete whether those are all: false after very many changes (4,096 on the bundled engine) or very large
     *     ones, for a transaction begun before the first watch, and always on engines that leave rows out
     * @param json the engine's event
     */
    record Commit(
            long eventId,
            long commitPosition,
            String source,
            List<String> tables,
            boolean schemaChanged,
            List<RowChange> rows,
            boolean complete,
            String json)
            implements Change {}

    /**
     * The subscriber fell behind and commits were dropped; read the tables again.
     *
     * @param lastSeenEventId the last commit delivered, 0 if there was none
     * @param latestEventId the last commit dropped
     * @param reason why, such as {@code queue_overflow}
     * @param json the engine's event
     */
    record Lagged(long lastSeenEventId, long latestEventId, String reason, String json) implements Change {}

    /**
     * The commits of a stream without a gap, for {@code stream.as(Change::lossless)}.
     *
     * @param changes a change stream
     * @return its commits; an {@link R2dbcTransientResourceException} with SQLSTATE 53400 at the first one that is missing
     *     or incomplete. Subscribe again then, and read the tables again
     */
    static Flux<Commit> lossless(Publisher<? extends Change> changes) {
        return Flux.<Change>from(changes).handle((change, sink) -> {
            if (change instanceof Lagged lagged) {
                sink.error(gap("commits " + (lagged.lastSeenEventId() + 1) + " to " + lagged.latestEventId()
                        + " were dropped (" + lagged.reason() + "); the subscriber is too slow"));
            } else if (change instanceof Commit commit && !commit.complete()) {
                sink.error(gap("the engine did not report all rows that commit " + commit.eventId() + " changed in "
                        + commit.tables()));
            } else if (change instanceof Commit commit) {
                sink.next(commit);
            }
        });
    }

    private static R2dbcTransientResourceException gap(String reason) {
        return new R2dbcTransientResourceException(
                "The change stream has a gap: " + reason + ". Subscribe again and read the tables again", "53400");
    }
}
