package com.decentdb.examples.webflux;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Serves the board. Everything it needs to know about the database is {@code spring.r2dbc.url}. */
@SpringBootApplication(proxyBeanMethods = false)
class WebFluxLive {

    /**
     * Runs the application until it is stopped.
     *
     * @param arguments Spring Boot's, such as {@code --spring.r2dbc.url=..} and {@code --server.port=..}
     */
    public static void main(String[] arguments) {
        SpringApplication.run(WebFluxLive.class, arguments);
    }
}
