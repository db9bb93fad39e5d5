package com.decentdb.r2dbc.api;

import io.r2dbc.spi.Row;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * Changes of the database, made by any connection of this process: watches, live queries and change streams.
 * A connection offers them, and they end with it; so does the factory, where they need no connection and keep the database
 * open while subscribed.
 *
 * <p>Contracts of all of them:
 *
 * <ul>
 *   <li>They last until cancelled. They complete when the connection is closed or given back to its pool, or the factory
 *       closed, whichever they come from; events not delivered by then are dropped. They end with an error if the engine
 *       fails.
 *   <li>Those of a connection see what the connection sees: its settings, and its audit context, on which the policies and
 *       masks of the engine decide, as both are when the subscription begins. If it has any, each subscription takes a
 *       native handle of its own, of which {@code maxPinnedConnections} counts. They cannot see its {@code TEMP} objects:
 *       naming one that is there when the subscription begins is an error of SQLSTATE 0A000. Those of the factory have
 *       neither settings nor an audit context.
 *   <li>The engine reports rows as they are stored, whatever policies and masks hide. A watch leaves the rows of tables with
 *       policies or masks out of its events; a change stream refuses such tables, see {@link #changeStream(String...)}.
 *   <li>Each is independent of the connection's other publishers: it has no part in its transaction, and its signals, on
 *       the driver's workers, may come at the same time as theirs.
 *   <li>A commit is reported after it was made, all of it at once, and in the order of commits; work that was rolled back
 *       is not reported, nor are commits of other processes.
 *   <li>No commit and no other subscriber ever waits for a slow one. For each subscriber up to 1,024 events or 16 million
 *       characters of their JSON are kept; if there are more, they are all replaced by one that says so. An operator such
 *       as {@code onBackpressureBuffer} keeps more.
 *   <li>Cancelling closes the engine's watch, on the one thread that owns it.
 * </ul>
 *
 * <p>On a dqlite cluster, whose server reports nothing, commits of every client are looked for. Change streams and watches of ranges take
 * the change log of their tables ({@link com.decentdb.r2dbc.api.cluster.ClusterAdmin#enableChangeLog(String)}), and an error of SQLSTATE
 * 0A000 says so; watches of tables are precise where there is one, and otherwise report commits of others without tables. The log is
 * read as far as a subscriber asks for it, so that a slow one loses nothing until the log is trimmed. One event may join several commits.
 */
public interface LiveData {

    /**
     * Watches tables: {@link WatchEvent.Initial} without rows, then one {@link WatchEvent.Invalidate} per commit that
     * touched one of them.
     *
     * @param tables at least one name
     * @return the events
     */
    Flux<WatchEvent> watchTable(String... tables);

    /**
     * Like {@link #watchTable} for the rows of one table with a primary key in a range. Where the engine does not know
     * all rows of a commit, every change of the table is reported.
     *
     * @param table a table with a primary key
     * @param from the first key, or for a key of several columns a list of values for the first of them; null for no bound
     * @param to the last key, likewise
     * @return the events
     */
    Flux<WatchEvent> watchRange(String table, @Nullable Object from, @Nullable Object to);

    /**
     * Watches the tables a query reads: {@link WatchEvent.Initial} with the rows of the query, read when the watch was in
     * place, then one {@link WatchEvent.Invalidate} per commit that touched one of these tables. See {@link #liveQuery}
     * for one that reads the rows again.
     *
     * @param sql a query
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return the events
     */
    Flux<WatchEvent> watchQuery(String sql, @Nullable Object... arguments);

    /**
     * The result of a query, and again after every change of it: short for {@code liveQuery(sql, arguments).map(mapping)}.
     *
     * @param <T> the class that rows are mapped to
     * @param sql a query
     * @param mapping makes an element of a row, never null
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return the rows of each result, conflated as {@link LiveQuery} describes
     */
    default <T> Flux<List<T>> liveQuery(
            String sql, Function<? super Row, ? extends T> mapping, @Nullable Object... arguments) {
        return liveQuery(sql, arguments).map(mapping);
    }

    /**
     * A query that is read again whenever a commit may have changed its result.
     *
     * @param sql a query
     * @param arguments one per parameter, in the order of {@code $1}, {@code $2}, ..; null for NULL
     * @return the query, to be given options and subscribed to
     */
    LiveQuery liveQuery(String sql, @Nullable Object... arguments);

    /**
     * Every commit that touched one of the tables, in order and with the rows it changed: {@link Change.Initial}, then
     * {@link Change.Commit}s, and {@link Change.Lagged} where some are missing. With {@code as(Change::lossless)} only
     * commits, and an error where one is missing.
     *
     * @param tables names; none for all tables
     * @return the changes; an error of SQLSTATE 0A000 if one of the tables has policies or masks, which do not apply to the
     *     rows of a change, and as soon as it gets some and changes
     */
    Flux<Change> changeStream(String... tables);

    /**
     * Every commit, as {@link #changeStream(String...)} reports it, under terms of its own.
     *
     * @param option {@link ChangeStreamOption#UNMASKED} for the rows as they are stored, also where policies or masks exist
     * @param tables names; none for all tables
     * @return the changes
     */
    Flux<Change> changeStream(ChangeStreamOption option, String... tables);

    /**
     * A change stream that goes on where an earlier one ended: {@link Change.Initial}, then every commit behind an event of the
     * earlier one, also those made while nobody was subscribed, and over restarts and failovers. For a database on a cluster, whose
     * change log keeps the changes; it takes {@code DecentDb.cluster(url).enableChangeLog(table)} once for each table.
     *
     * @param eventId the {@link Change.Commit#eventId} of the last commit that was dealt with, or the
     *     {@link Change.Initial#commitPosition} if there was none
     * @param tables names; none for all tables whose changes are logged
     * @return the changes, with a {@link Change.Lagged} first if the log was trimmed beyond that event; an error of SQLSTATE 0A000
     *     if changes of a table are not logged, and on the engines in this process, which keep no changes; of 22023 if the log has
     *     no such event
     * @throws IllegalArgumentException if the number is negative
     */
    Flux<Change> changeStreamAfter(long eventId, String... tables);
}
