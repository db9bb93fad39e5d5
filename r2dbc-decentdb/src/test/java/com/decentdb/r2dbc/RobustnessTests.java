package com.decentdb.r2dbc;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What one user does wrong, or closes, or leaves behind, reaches no other user and loses nothing. */
class RobustnessTests {

    private static final Duration SOON = Duration.ofSeconds(3);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection withNumbers(String options, int rows) {
        DecentDbConnection connection =
                database.keep(DecentDb.factory(database.url(options)).create());
        await(connection.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY, t TEXT)"));
        await(connection.inTransaction(c -> Flux.range(0, rows)
                .concatMap(n -> c.execute("INSERT INTO numbers VALUES ($1, NULL)", n))
                .then()
                .cast(Object.class)));
        return connection;
    }

    @Test
    void aWriteThatCannotBeEncodedFailsAlone() {
        DecentDbConnection holder = withNumbers("", 0);
        DecentDbConnection writer = database.connect();
        await(holder.beginTransaction());
        List<Mono<String>> outcomes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String text = i == 1 ? "\uD800" : "fine";
            outcomes.add(writer.execute("INSERT INTO numbers VALUES ($1, $2)", i, text)
                    .map(String::valueOf)
                    .onErrorResume(R2dbcException.class, e -> Mono.just("error " + e.getSqlState()))
                    .cache());
        }
        Mono<List<String>> all = Flux.concat(outcomes).collectList();
        outcomes.forEach(Mono::subscribe);
        await(holder.rollbackTransaction());

        assertThat(awaitValue(all)).containsExactly("1", "error 22021", "1");
        assertThat(awaitValue(writer.fetchValue("SELECT COUNT(*) FROM numbers", Long.class)))
                .isEqualTo(2);
    }
}
