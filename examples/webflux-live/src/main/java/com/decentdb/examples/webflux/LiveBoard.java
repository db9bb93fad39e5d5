package com.decentdb.examples.webflux;

import static java.util.Objects.requireNonNull;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import io.r2dbc.spi.Row;
import java.util.List;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Service;
import reactor.core.publisher.Flux;

/** The board again after every change, whoever makes it; takes no connection of the pool. */
@Service
class LiveBoard implements DisposableBean {

    private final DecentDbConnectionFactory database;

    LiveBoard(@Value("${spring.r2dbc.url}") String url) {
        this.database = DecentDb.factory(url);
    }

    Flux<List<Item>> items() {
        return database.liveQuery("SELECT id, title, done, position FROM item ORDER BY position", LiveBoard::item);
    }

    /** Completes the streams of those who look on. */
    @Override
    public void destroy() {
        database.close().block();
    }

    private static Item item(Row row) {
        return new Item(
                row.get("id", Long.class),
                requireNonNull(row.get("title", String.class)),
                requireNonNull(row.get("done", Boolean.class)),
                requireNonNull(row.get("position", Integer.class)));
    }
}
