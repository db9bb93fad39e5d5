package com.decentdb.r2dbc.api;

import io.r2dbc.spi.Row;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * A query that is read again whenever a commit may have changed its result. Immutable: every method of options returns
 * a new live query. Each subscription to a Flux made of it runs the query separately; many subscribers share the work with
 * {@code replay(1).refCount()}.
 *
 * <p><b>Elements.</b> The result, read after the watch was put in place; then again after commits that touched the
 * tables of the query, conflated: however many commits there were since, the query is read once, and not before the
 * subscriber asks for more and the minimum interval has passed. So a subscriber gets the latest state at its own pace, and
 * the last element is the result after the last commit. A slow subscriber costs no other user anything. On a cluster a result whose rows
 * equal those of the one before is left out, because commits that cannot be told from others have most queries read in vain.
 *
 * <p><b>Reading.</b> In a separate snapshot and on another native handle than the connection it was made from, so not in its
 * transaction, but with the settings and the audit context that the connection had when the subscription began. Mapping functions run on workers and may take their time.
 *
 * <p><b>The end.</b> It completes when its connection is closed or given back to its pool, or when its factory is
 * closed, depending on what it was made from. It ends with an error if reading the query or mapping a row fails, for
 * instance because a table is gone; {@code retry} operators begin anew. A change of the schema that leaves the query
 * valid is just another reason to read it. Cancelling closes its watch.
 */
public interface LiveQuery {

    /** The minimum interval by default: 30 ms. */
    Duration DEFAULT_MIN_INTERVAL = Duration.ofMillis(30);

    /**
     * The least time between the delivery of one result and reading the next; a first change after a quiet time is not
     * held up.
     *
     * @param interval zero for none; {@link #DEFAULT_MIN_INTERVAL} unless set
     * @return a live query with that interval
     */
    LiveQuery minInterval(Duration interval);

    /**
     * Leaves out a result that equals the one before, compared by {@code equals} of the mapped rows, such as records.
     *
     * @return a live query without repetitions
     */
    LiveQuery distinctUntilChanged();

    /**
     * Declares that the result depends on no other rows than those of one table with a primary key in a range, so that
     * changes of others do not cause reading. The engine's list of changed rows decides; where it is not
     * complete, every change of the table counts. Wrong if the query reads anything else.
     *
     * @param table a table with a primary key
     * @param from the first key, or for a key of several columns a list of values for the first of them; null for no bound
     * @param to the last key, likewise
     * @return a live query that depends on these rows only
     */
    LiveQuery dependingOn(String table, @Nullable Object from, @Nullable Object to);

    /**
     * The result, again and again.
     *
     * @param <T> what rows are mapped to
     * @param mapping makes an element of a row, never null
     * @return the rows of each result, in the order of the query
     */
    <T> Flux<List<T>> map(Function<? super Row, ? extends T> mapping);

    /**
     * The result with the reason why it was read.
     *
     * @param <T> what rows are mapped to
     * @param mapping makes an element of a row, never null
     * @return each result
     */
    <T> Flux<LiveResult<T>> results(Function<? super Row, ? extends T> mapping);

    /**
     * The rows of the first result, then what was added, changed and removed. Nothing is emitted where there is no
     * difference, except at first.
     *
     * @param <T> what rows are mapped to; compared with {@code equals}
     * @param mapping makes an element of a row, never null
     * @param key what identifies an element; an {@link IllegalStateException} if two rows of a result have equal keys
     * @return the differences
     */
    <T> Flux<LiveChanges<T>> changes(Function<? super Row, ? extends T> mapping, Function<? super T, ?> key);
}
