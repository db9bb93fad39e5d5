package com.decentdb.r2dbc.spring;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import reactor.core.publisher.Mono;

/** The health of databases in the types of Spring Boot 4. */
final class Boot4Health implements ReactiveHealthIndicator {

    private final DatabaseHealth databases;

    Boot4Health(DatabaseHealth databases) {
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
