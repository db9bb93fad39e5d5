package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.api.WatchEvent;
import com.decentdb.r2dbc.connection.DefaultRow;
import com.decentdb.r2dbc.connection.DefaultRowMetadata;
import com.decentdb.r2dbc.embedded.watch.JsonRow;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Makes the events of one subscription out of the engine's, with rows of the types their tables have. Reads the columns
 * of a table when the first of its rows comes, and again after the schema changed. Used by one thread at a time.
 */
final class EventDecoder {

    /** The columns of a table, in order. */
    private record Shape(List<Column> columns, DefaultRowMetadata metadata) {}

    private final Function<String, Mono<List<Column>>> columnsOf;
    private final boolean engineTellsAllRows;
    private final Map<String, Shape> shapes = new HashMap<>();

    /**
     * Creates a reader.
     *
     * @param columnsOf reads the columns of a table; empty or an error if there is none
     * @param engineTellsAllRows whether the engine says so when it leaves rows out
     */
    EventDecoder(Function<String, Mono<List<Column>>> columnsOf, boolean engineTellsAllRows) {
        this.columnsOf = columnsOf;
        this.engineTellsAllRows = engineTellsAllRows;
    }

    Mono<WatchEvent> watchEvent(WatchedEvent event) {
        return switch (event.type()) {
            case INITIAL -> Mono.just(new WatchEvent.Initial(event.position(), List.of(), event.json()));
            case LAGGED -> Mono.just(new WatchEvent.Lagged(event.lastSeen(), event.id(), event.reason(), event.json()));
            case COMMIT ->
                knowing(
                        event,
                        () -> new WatchEvent.Invalidate(
                                event.id(),
                                event.position(),
                                event.source(),
                                event.tables(),
                                event.schemaChanged(),
                                rowChanges(event),
                                event.rowsComplete() && engineTellsAllRows,
                                event.json()));
        };
    }

    Mono<Change> change(WatchedEvent event) {
        return switch (event.type()) {
            case INITIAL -> Mono.just(new Change.Initial(event.position(), event.json()));
            case LAGGED -> Mono.just(new Change.Lagged(event.lastSeen(), event.id(), event.reason(), event.json()));
            case COMMIT ->
                knowing(
                        event,
                        () -> new Change.Commit(
                                event.id(),
                                event.position(),
                                event.source(),
                                event.tables(),
                                event.schemaChanged(),
                                rowChanges(event),
                                event.rowsComplete() && engineTellsAllRows,
                                event.json()));
        };
    }

    /** Sees to it that the columns of all tables with rows in the event are known. */
    private <T> Mono<T> knowing(WatchedEvent event, Supplier<T> reading) {
        if (event.schemaChanged()) {
            shapes.clear();
        }
        Set<String> unknown = event.rows().stream()
                .map(WatchedEvent.RowImage::table)
                .filter(table -> !shapes.containsKey(table))
                .collect(Collectors.toSet());
        if (unknown.isEmpty()) {
            return Mono.just(reading.get());
        }
        return Flux.fromIterable(unknown)
                .concatMap(table -> columnsOf
                        .apply(table)
                        .onErrorReturn(List.of())
                        .defaultIfEmpty(List.of())
                        .doOnNext(columns -> shapes.put(table, new Shape(columns, new DefaultRowMetadata(columns)))))
                .then(Mono.fromSupplier(reading));
    }

    private List<RowChange> rowChanges(WatchedEvent event) {
        List<RowChange> changes = new ArrayList<>(event.rows().size());
        for (WatchedEvent.RowImage image : event.rows()) {
            Shape shape = shapes.getOrDefault(image.table(), new Shape(List.of(), new DefaultRowMetadata(List.of())));
            changes.add(new RowChange(
                    image.table(),
                    RowChange.Operation.valueOf(image.operation().toUpperCase(Locale.ROOT)),
                    row(image.key(), shape),
                    image.before() == null ? null : row(image.before(), shape),
                    image.after() == null ? null : row(image.after(), shape)));
        }
        return List.copyOf(changes);
    }

    private static Row row(Map<String, @Nullable Object> image, Shape shape) {
        List<Column> columns = new ArrayList<>(image.size());
        shape.columns().stream()
                .filter(column -> image.containsKey(column.name()))
                .forEach(columns::add);
        DefaultRowMetadata metadata = shape.metadata();
        if (columns.size() < image.size()) {
            Set<String> known = columns.stream().map(Column::name).collect(Collectors.toSet());
            image.keySet().stream()
                    .filter(name -> !known.contains(name))
                    .forEach(name -> columns.add(Column.named(name)));
        }
        if (!columns.equals(shape.columns())) {
            metadata = new DefaultRowMetadata(columns);
        }
        List<@Nullable Object> values = new ArrayList<>(columns.size());
        columns.forEach(column -> values.add(image.get(column.name())));
        return new DefaultRow(
                JsonRow.of(values, columns.stream().map(Column::type).toList()), 0, metadata);
    }
}
