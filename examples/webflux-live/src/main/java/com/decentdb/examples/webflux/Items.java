package com.decentdb.examples.webflux;

import org.springframework.data.repository.reactive.ReactiveCrudRepository;
import reactor.core.publisher.Flux;

/** The table of items. */
interface Items extends ReactiveCrudRepository<Item, Long> {

    Flux<Item> findAllByOrderByPosition();
}
