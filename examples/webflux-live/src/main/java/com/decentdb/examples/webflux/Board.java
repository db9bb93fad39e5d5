package com.decentdb.examples.webflux;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What can be done with the items; every change is one transaction. */
@Service
class Board {

    private final Items items;

    Board(Items items) {
        this.items = items;
    }

    Flux<Item> items() {
        return items.findAllByOrderByPosition();
    }

    Mono<Item> item(long id) {
        return items.findById(id);
    }

    /** Adds an item at the end. */
    @Transactional
    public Mono<Item> add(String title) {
        return items.count().flatMap(count -> items.save(new Item(null, title, false, count.intValue())));
    }

    /** Changes what is not null; a position beyond the end means the end. Empty if there is no such item. */
    @Transactional
    public Mono<Item> change(long id, @Nullable String title, @Nullable Boolean done, @Nullable Integer position) {
        return items.findById(id)
                .flatMap(item -> items.save(item.changed(title, done)))
                .flatMap(item -> position == null
                        ? Mono.just(item)
                        : move(item, position).then(items.findById(id)));
    }

    /** Takes an item off the board; false if there is none. */
    @Transactional
    public Mono<Boolean> remove(long id) {
        return items.findById(id)
                .flatMap(item -> items.delete(item).then(arrange(board -> {})).thenReturn(true))
                .defaultIfEmpty(false);
    }

    private Mono<Void> move(Item item, int position) {
        return arrange(board -> {
            board.remove(item);
            board.add(Math.min(position, board.size()), item);
        });
    }

    /** Puts the items into another order and saves those that got another position. */
    private Mono<Void> arrange(Consumer<List<Item>> reorder) {
        return items().collectList()
                .flatMapMany(board -> {
                    reorder.accept(board);
                    List<Item> moved = new ArrayList<>();
                    for (int i = 0; i < board.size(); i++) {
                        if (board.get(i).position() != i) {
                            moved.add(board.get(i).at(i));
                        }
                    }
                    return items.saveAll(moved);
                })
                .then();
    }
}
