package com.decentdb.r2dbc.live;

import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.api.WatchEvent;
import com.decentdb.r2dbc.result.DefaultRow;
import com.decentdb.r2dbc.result.DefaultRowMetadata;
import com.decentdb.r2dbc.transport.Capability;
import com.decentdb.r2dbc.transport.Column;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.Row;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes the events that one subscriber gets out of those of its session. Used by one thread at a time. */
final class EventDecoder {

    private final Set<Capability> capabilities;
    /** Consecutive rows mostly have the same columns. */
    private List<Column> columns = List.of();

    private DefaultRowMetadata metadata = new DefaultRowMetadata(columns);

    EventDecoder(Set<Capability> capabilities) {
        this.capabilities = capabilities;
    }

    WatchEvent watchEvent(WatchedEvent event) {
        return switch (event.type()) {
            case INITIAL -> new WatchEvent.Initial(event.position(), List.of(), event.description());
            case LAGGED -> new WatchEvent.Lagged(event.lastSeen(), event.id(), event.reason(), event.description());
            case COMMIT ->
                new WatchEvent.Invalidate(
                        event.id(),
                        event.position(),
                        event.source(),
                        event.tables(),
                        event.schemaChanged(),
                        rowChanges(event),
                        event.rowsComplete() && capabilities.contains(Capability.COUNTS_ROWS),
                        event.description());
        };
    }

    Change change(WatchedEvent event) {
        return switch (event.type()) {
            case INITIAL -> new Change.Initial(event.position(), event.description());
            case LAGGED -> new Change.Lagged(event.lastSeen(), event.id(), event.reason(), event.description());
            case COMMIT ->
                new Change.Commit(
                        event.id(),
                        event.position(),
                        event.source(),
                        event.tables(),
                        event.schemaChanged(),
                        rowChanges(event),
                        event.rowsComplete() && capabilities.contains(Capability.COUNTS_ROWS),
                        event.description());
        };
    }

    private List<RowChange> rowChanges(WatchedEvent event) {
        return event.rows().stream()
                .map(row -> new RowChange(
                        row.table(), row.operation(), row(row.key()), rowOrNull(row.before()), rowOrNull(row.after())))
                .toList();
    }

    private @Nullable Row rowOrNull(WatchedEvent.@Nullable Image image) {
        return image == null ? null : row(image);
    }

    private Row row(WatchedEvent.Image image) {
        if (!image.columns().equals(columns)) {
            columns = image.columns();
            metadata = new DefaultRowMetadata(columns);
        }
        return new DefaultRow(image.values(), 0, metadata);
    }
}
