package com.decentdb.examples.webflux;

import com.decentdb.r2dbc.DecentDb;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.Objects;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The items in their order, and how they change. */
@Component
class Board {

    private final Items items;
    private final Flux<List<Item>> live;
    private final Sinks.Empty<Void> stopped = Sinks.empty();

    Board(Items items, ConnectionFactory connections) {
        this.items = items;
        this.live = DecentDb.factory(connections)
                .liveQuery("SELECT id, title, done, position FROM item ORDER BY position", Board::item)
                .replay(1)
                .refCount();
    }

    /**
     * The whole board, now and after every change, by any client. All subscribers share one live query, which
     * completes when the application stops.
     */
    Flux<List<Item>> live() {
        return live.onBackpressureLatest().takeUntilOther(stopped.asMono());
    }

    /** Lets the server end its requests, which it waits for. */
    @EventListener(ContextClosedEvent.class)
    void stop() {
        stopped.tryEmitEmpty();
    }

    Flux<Item> all() {
        return items.findAllByOrderByPosition();
    }

    /** Adds an item at the bottom. */
    @Transactional
    Mono<Item> add(String title) {
        return items.nextPosition().flatMap(position -> items.save(new Item(null, title, false, position)));
    }

    /** Changes an item; empty if there is none with this id. */
    @Transactional
    Mono<Item> change(long id, ItemChange change) {
        return items.findById(id).flatMap(item -> {
            Mono<Item> changed = items.save(change.applyTo(item));
            Integer place = change.position();
            return place == null ? changed : changed.then(move(id, place)).then(items.findById(id));
        });
    }

    /** Removes an item; false if there is none with this id. */
    @Transactional
    Mono<Boolean> remove(long id) {
        return items.existsById(id).flatMap(there -> items.deleteById(id).thenReturn(there));
    }

    /** Puts an item where it has {@code place} others above it. Only items whose place changes are written. */
    private Mono<Void> move(long id, int place) {
        return items.findAllByOrderByPosition().collectList().flatMap(ordered -> {
            Item moved = ordered.stream()
                    .filter(item -> Objects.equals(item.id(), id))
                    .findFirst()
                    .orElseThrow();
            ordered.remove(moved);
            ordered.add(Math.max(0, Math.min(place, ordered.size())), moved);
            return Flux.range(0, ordered.size())
                    .filter(index -> ordered.get(index).position() != index)
                    .map(index -> ordered.get(index).withPosition(index))
                    .concatMap(items::save)
                    .then();
        });
    }

    private static Item item(Readable row) {
        return new Item(
                row.get("id", Long.class),
                Objects.requireNonNull(row.get("title", String.class)),
                Boolean.TRUE.equals(row.get("done", Boolean.class)),
                Objects.requireNonNull(row.get("position", Integer.class)));
    }
}
