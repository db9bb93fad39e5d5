package com.decentdb.r2dbc.result;

import com.decentdb.r2dbc.codec.RowBatch;
import com.decentdb.r2dbc.delivery.threads.Forgotten;
import com.decentdb.r2dbc.transport.Cursor;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The result of one execution: its rows, or how many it changed. Can be consumed once. Rows stay readable after the mapping
 * function returned, and keep the block they came in in memory as long as they are referenced.
 */
public final class DefaultResult implements Result {

    @SuppressWarnings("unused") // referred to, that is all
    private final Object owner;

    private final Cursor cursor;
    private final boolean updates;
    private final @Nullable Predicate<Segment> filter;
    private final AtomicBoolean consumed;
    private final @Nullable Runnable whenConsumed;
    private final DefaultRowMetadata metadata;

    /**
     * Creates a result.
     *
     * @param owner stays reachable as long as the result and what reads it, because it is closed when it is not
     * @param updates whether the statement counts the rows it changed
     */
    public DefaultResult(Object owner, Cursor cursor, boolean updates) {
        this(owner, cursor, updates, null, new AtomicBoolean(), null, new DefaultRowMetadata(cursor.columns()));
        if (!cursor.exhausted()) {
            Forgotten.whenUnreachable(consumed, cursor::close);
        }
    }

    private DefaultResult(
            Object owner,
            Cursor cursor,
            boolean updates,
            @Nullable Predicate<Segment> filter,
            AtomicBoolean consumed,
            @Nullable Runnable whenConsumed,
            DefaultRowMetadata metadata) {
        this.owner = owner;
        this.cursor = cursor;
        this.updates = updates;
        this.filter = filter;
        this.consumed = consumed;
        this.whenConsumed = whenConsumed;
        this.metadata = metadata;
    }

    @Override
    public Mono<Long> getRowsUpdated() {
        return Mono.fromDirect(content(consumption -> Mono.fromSupplier(() -> {
            if (!consumption.compareAndSet(false, true)) {
                throw consumed();
            }
            cursor.close();
            return updates && wanted(count()) ? cursor.affectedRows() : null;
        })));
    }

    @Override
    public <T> Flux<T> map(BiFunction<Row, RowMetadata, ? extends T> mapping) {
        requireNonNull(mapping, "mapping function");
        return rows(new RowMapper<T>() {
            @Override
            T map(DefaultRow row) {
                return mapping.apply(row, metadata);
            }
        });
    }

    @Override
    public <T> Flux<T> map(Function<? super Readable, ? extends T> mapping) {
        requireNonNull(mapping, "mapping function");
        return rows(new RowMapper<T>() {
            @Override
            T map(DefaultRow row) {
                return mapping.apply(row);
            }
        });
    }

    @Override
    public DefaultResult filter(Predicate<Segment> predicate) {
        requireNonNull(predicate, "filter");
        if (consumed.get()) {
            throw consumed();
        }
        return new DefaultResult(
                owner,
                cursor,
                updates,
                filter == null ? predicate : filter.and(predicate),
                consumed,
                whenConsumed,
                metadata);
    }

    @Override
    public <T> Flux<T> flatMap(Function<Segment, ? extends Publisher<? extends T>> mapping) {
        requireNonNull(mapping, "mapping function");
        return Flux.from(
                content(consumption -> new RowFlux<>(cursor, consumption, new SegmentMapper()).concatMap(mapping, 1)));
    }

    private <T> Flux<T> rows(RowMapper<T> mapper) {
        return Flux.from(content(consumption -> new RowFlux<>(cursor, consumption, mapper)));
    }

    /** Content of the result that its first subscriber gets; the end of that is reported where another result waits for it. */
    private <T> Publisher<T> content(Function<AtomicBoolean, Publisher<T>> content) {
        Runnable report = whenConsumed;
        return report == null
                ? content.apply(consumed)
                : Flux.using(
                        () -> {
                            if (!consumed.compareAndSet(false, true)) {
                                throw consumed();
                            }
                            return consumed;
                        },
                        begun -> content.apply(new AtomicBoolean()),
                        begun -> report.run(),
                        false);
    }

    /** Whether it yields rows, if only none. */
    public boolean hasRows() {
        return !cursor.columns().isEmpty();
    }

    /** Whether its one subscriber has come. */
    public boolean isBeingConsumed() {
        return consumed.get();
    }

    /** The same result, which reports the end of its consumption: that all is delivered, or the subscriber failed or cancelled. */
    public DefaultResult reporting(Runnable end) {
        return new DefaultResult(owner, cursor, updates, filter, consumed, end, metadata);
    }

    /** Gives the rows up; for a result that reached no subscriber that could consume it. */
    public void discard() {
        cursor.close();
    }

    private boolean wanted(Segment segment) {
        return filter == null || filter.test(segment);
    }

    private UpdateCount count() {
        long rows = cursor.affectedRows();
        return () -> rows;
    }

    /** The error of a second attempt to consume a result. */
    static IllegalStateException consumed() {
        return new IllegalStateException("The result was consumed already; execute the statement again");
    }

    private static void requireNonNull(@Nullable Object value, String what) {
        if (value == null) {
            throw new IllegalArgumentException("The " + what + " must not be null");
        }
    }

    /** Rows alone: an error among them fails, unless it is filtered out. */
    private abstract class RowMapper<T> implements RowFlux.Mapper<T> {

        abstract @Nullable T map(DefaultRow row);

        @Override
        public @Nullable T map(RowBatch rows, int index) {
            DefaultRow row = new DefaultRow(rows, index, metadata);
            if (filter != null && !filter.test(new RowPart(row))) {
                return null;
            }
            T mapped = map(row);
            if (mapped == null) {
                throw new NullPointerException("The mapping function returned null for a row; R2DBC has no place for"
                        + " null elements, wrap the value in an Optional");
            }
            return mapped;
        }

        @Override
        public @Nullable T failed(R2dbcException error) {
            if (wanted(new ErrorMessage(error))) {
                throw error;
            }
            return null;
        }
    }

    /** All there is: an error among the rows is a segment like them. */
    private final class SegmentMapper implements RowFlux.Mapper<Segment> {

        @Override
        public @Nullable Segment map(RowBatch rows, int index) {
            RowPart part = new RowPart(new DefaultRow(rows, index, metadata));
            return wanted(part) ? part : null;
        }

        @Override
        public @Nullable Segment last() {
            UpdateCount count = count();
            return updates && wanted(count) ? count : null;
        }

        @Override
        public @Nullable Segment failed(R2dbcException error) {
            ErrorMessage message = new ErrorMessage(error);
            return wanted(message) ? message : null;
        }
    }

    private record RowPart(DefaultRow content) implements RowSegment {

        @Override
        public Row row() {
            return content;
        }
    }

    private record ErrorMessage(R2dbcException exception) implements Message {

        @Override
        public int errorCode() {
            return exception.getErrorCode();
        }

        @Override
        public @Nullable String sqlState() {
            return exception.getSqlState();
        }

        @Override
        public String message() {
            return String.valueOf(exception.getMessage());
        }
    }
}
