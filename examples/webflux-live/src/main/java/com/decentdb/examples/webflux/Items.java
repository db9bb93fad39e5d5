package com.decentdb.examples.webflux;

import org.springframework.data.r2dbc.repository.Query;
import org.springframework.data.repository.reactive.ReactiveCrudRepository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The stored items. */
interface Items extends ReactiveCrudRepository<Item, Long> {

    Flux<Item> findAllByOrderByPosition();

    @Query("SELECT coalesce(max(position) + 1, 0) FROM item")
    Mono<Integer> nextPosition();
}
