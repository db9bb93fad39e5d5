package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.Result;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/**
 * Blocks that are cancelled at any moment, and what the same connection is asked for right behind that: it is done behind the end of
 * the block, and what is acknowledged is there for others.
 */
public final class CancelledBlocks {

    private static final String INSERT = "INSERT INTO m VALUES ($1)";
    private static final int LONGEST_NANOS = 2_000_000;

    private enum Block {
        TRANSACTION {
            @Override
            Publisher<?> run(DecentDbConnection connection) {
                return connection.inTransaction(tx -> tx.execute(INSERT, -1L).thenMany(Flux.never()));
            }
        },
        EMPTY_TRANSACTION {
            @Override
            Publisher<?> run(DecentDbConnection connection) {
                return connection.inTransaction(tx -> Flux.never());
            }
        },
        EXECUTE_MANY {
            @Override
            Publisher<?> run(DecentDbConnection connection) {
                return connection.executeMany(INSERT, many(-3));
            }
        };

        abstract Publisher<?> run(DecentDbConnection connection);
    }

    private enum Next {
        EXECUTE {
            @Override
            Publisher<?> write(DecentDbConnection connection, long id) {
                return connection.execute(INSERT, id);
            }
        },
        BOUND_TWICE {
            @Override
            Publisher<?> write(DecentDbConnection connection, long id) {
                return Flux.from(connection
                                .createStatement(INSERT)
                                .bind(0, id)
                                .add()
                                .bind(0, id)
                                .execute())
                        .concatMap(Result::getRowsUpdated);
            }
        },
        EXECUTE_MANY {
            @Override
            Publisher<?> write(DecentDbConnection connection, long id) {
                return connection.executeMany(INSERT, many(id));
            }
        },
        QUEUED {
            @Override
            Publisher<?> write(DecentDbConnection connection, long id) {
                return connection.executeQueued(INSERT, id);
            }
        },
        BLOCK {
            @Override
            Publisher<?> write(DecentDbConnection connection, long id) {
                return connection.inTransaction(tx -> tx.execute(INSERT, id));
            }
        },
        TRANSACTION {
            @Override
            Publisher<?> write(DecentDbConnection connection, long id) {
                return connection
                        .beginTransaction()
                        .then(connection.execute(INSERT, id))
                        .then(connection.commitTransaction());
            }
        },
        SAVEPOINT {
            @Override
            Publisher<?> write(DecentDbConnection connection, long id) {
                return connection
                        .createSavepoint("s")
                        .then(connection.execute(INSERT, id))
                        .then(connection.commitTransaction());
            }
        };

        abstract Publisher<?> write(DecentDbConnection connection, long id);
    }

    private CancelledBlocks() {}

    private static Flux<Object[]> many(long id) {
        return Flux.<Object[]>just(new Object[] {id}, new Object[] {id}, new Object[] {id});
    }

    /** Does each with each, so many times. */
    public static void check(DecentDbConnectionFactory factory, int rounds) {
        DecentDbConnection observer = awaitValue(factory.create());
        await(observer.execute("CREATE TABLE m (id BIGINT NOT NULL)"));
        Random random = new Random(rounds);
        long id = 0;
        for (Block block : Block.values()) {
            for (Next next : Next.values()) {
                DecentDbConnection connection = awaitValue(factory.create());
                for (int i = 0; i < rounds; i++) {
                    Disposable running =
                            Flux.from(block.run(connection)).onErrorComplete().subscribe();
                    LockSupport.parkNanos(random.nextInt(LONGEST_NANOS));
                    running.dispose();
                    id++;
                    awaitAll(Flux.from(next.write(connection, id)));

                    assertThat(connection.isAutoCommit()).isTrue();
                    assertThat(count(observer, id))
                            .as("%s behind a cancelled %s", next, block)
                            .isPositive();
                }
                await(connection.close());
            }
        }
        assertThat(count(observer, -1)).as("rows of cancelled transactions").isZero();
        assertThat(count(observer, -3) % 3)
                .as("executeMany writes all of its rows or none")
                .isZero();
        await(observer.close());
    }

    private static long count(DecentDbConnection observer, long id) {
        List<List<Object>> rows = awaitAll(observer.fetchLists("SELECT count(*) FROM m WHERE id = $1", id));
        return ((Number) rows.get(0).get(0)).longValue();
    }
}
