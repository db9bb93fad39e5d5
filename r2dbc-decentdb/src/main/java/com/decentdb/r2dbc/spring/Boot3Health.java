package com.decentdb.r2dbc.spring;

import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.ReactiveHealthIndicator;
import reactor.core.publisher.Mono;

/** The health of databases in the types of Spring Boot 3. */
final class Boot3Health implements ReactiveHealthIndicator {

    private final DatabaseHealth databases;

    Boot3Health(DatabaseHealth databases) {
        this.databases = databases;
    }

    @Override
    public Mono<Health> health() {
        return databases
                .details()
                .map(details -> Health.up().withDetails(details).build())
                .defaultIfEmpty(Health.unknown().build())
                .onErrorResume(error -> Mono.just(Health.down(error).build()));
    }
}
