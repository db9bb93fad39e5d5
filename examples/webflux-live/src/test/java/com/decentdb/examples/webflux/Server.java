package com.decentdb.examples.webflux;

import java.nio.file.Path;
import java.util.Objects;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** The application as its main method starts it, on a database and a port of the test's choosing. */
record Server(ConfigurableApplicationContext context, int port) implements AutoCloseable {

    /** Starts on any port that is free. */
    static Server start(Path directory) {
        return start(directory, 0);
    }

    static Server start(Path directory, int port) {
        return start("r2dbc:decentdb:///" + directory.resolve("board.ddb"), port);
    }

    /** Starts on the database of a URL. */
    static Server start(String database, int port) {
        ConfigurableApplicationContext context = SpringApplication.run(
                WebFluxLive.class,
                "--spring.r2dbc.url=" + database,
                "--server.port=" + port,
                "--logging.level.root=error");
        String actual = Objects.requireNonNull(context.getEnvironment().getProperty("local.server.port"));
        return new Server(context, Integer.parseInt(actual));
    }

    String url() {
        return "http://localhost:" + port;
    }

    @Override
    public void close() {
        context.close();
    }
}
