package com.decentdb.examples.webflux;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the board on port 8080; its database is the one {@code spring.r2dbc.url} names. */
@SpringBootApplication
public class WebfluxLive {

    /**
     * Runs until it is told to stop.
     *
     * @param arguments properties of Spring Boot, such as {@code --server.port=9090}
     */
    public static void main(String[] arguments) {
        SpringApplication.run(WebfluxLive.class, arguments);
    }
}
