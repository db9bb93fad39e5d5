package com.decentdb.r2dbc.generated;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * No statement, however strange, ends the process, hangs or fails in a way that no program could handle. The seed and the number of a
 * failed statement are in the message.
 */
class GeneratedSqlTests {

    private static final int MINUTES = Integer.getInteger("generated.minutes", 0);
    private static final int STATEMENTS = 200;
    private static final int CONNECTIONS = 3;
    private static final int ROWS = 300;
    private static final Duration TIMEOUT = Duration.ofMillis(50);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private long seed =
            Long.getLong("generated.seed", ThreadLocalRandom.current().nextLong(1_000_000_000));

    @Test
    void everyStatementRunsOrFailsWithAnSqlState() {
        assertThat(database.bundled() || MINUTES == 0)
                .as("the long form is for an engine that stops statements")
                .isTrue();
        long end = System.nanoTime() + Duration.ofMinutes(MINUTES).toNanos();
        do {
            run(seed++);
        } while (System.nanoTime() < end);
    }

    private void run(long ofRun) {
        SqlGenerator generator = new SqlGenerator(ofRun);
        DecentDbConnection[] connections = new DecentDbConnection[CONNECTIONS];
        for (int i = 0; i < CONNECTIONS; i++) {
            connections[i] = awaitValue(database.factory().create());
            await(connections[i].setStatementTimeout(TIMEOUT));
            await(connections[i].setLockWaitTimeout(TIMEOUT));
        }
        for (String sql : SqlGenerator.SCHEMA) {
            await(connections[0].execute(sql).onErrorComplete());
        }
        for (int i = 0; i < STATEMENTS; i++) {
            DecentDbConnection connection = connections[generator.below(CONNECTIONS)];
            String sql = generator.statement();
            Throwable failure = failure(connection, generator, sql);
            if (!expected(failure) && !internalElsewhere(failure)) {
                throw new AssertionError(
                        "-Dgenerated.seed=" + ofRun + ", statement " + i + ": "
                                + sql.substring(0, Math.min(1_000, sql.length())),
                        failure);
            }
        }
        for (DecentDbConnection connection : connections) {
            await(connection.close());
        }
        // Whatever the statements did, the database works.
        DecentDbConnection fresh = awaitValue(database.factory().create());
        await(fresh.execute("CREATE TABLE IF NOT EXISTS proof (id INTEGER PRIMARY KEY)"));
        await(fresh.inTransaction(tx -> tx.execute("DROP TABLE proof")));
        await(fresh.close());
    }

    private static @Nullable Throwable failure(DecentDbConnection connection, SqlGenerator generator, String sql) {
        try {
            Statement statement = connection.createStatement(sql);
            for (int i = 0; i < generator.parameters(); i++) {
                if (generator.oneIn(5)) {
                    statement.bindNull(i, Object.class);
                } else {
                    statement.bind(i, generator.value());
                }
            }
            return Flux.from(statement.execute())
                    .concatMap(result -> result.map((row, metadata) -> metadata.getColumnMetadatas().stream()
                            .map(column -> String.valueOf(row.get(column.getName())))
                            .toList()))
                    .take(ROWS)
                    .ignoreElements()
                    .cast(Throwable.class)
                    .onErrorResume(Mono::just)
                    .block(PATIENCE);
        } catch (RuntimeException e) {
            return e;
        }
    }

    /** DecentDB calls the failure of some nested queries internal: "table row source was not loaded". */
    private boolean internalElsewhere(@Nullable Throwable failure) {
        return failure instanceof R2dbcException known
                && String.valueOf(known.getMessage()).contains("was not loaded before")
                && !database.bundled();
    }

    private static boolean expected(@Nullable Throwable failure) {
        if (failure instanceof R2dbcException known) {
            String state = String.valueOf(known.getSqlState());
            return state.length() == 5 && !state.startsWith("XX");
        }
        // Text that no statement can be made of, and too few or too many values, are misuse of the SPI.
        return failure == null
                || (failure instanceof IllegalArgumentException && failure.getMessage() != null)
                || (failure instanceof IndexOutOfBoundsException && failure.getMessage() != null)
                || (failure instanceof IllegalStateException
                        && !String.valueOf(failure.getMessage()).startsWith("Timeout on blocking read"));
    }
}
