package com.decentdb.r2dbc.transaction;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** A connection may be used as soon as what it did before is cancelled. */
class CancelledBlockTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @Test
    void whatIsAskedForBehindACancelledBlockComesBehindItsEnd() {
        DecentDbConnectionFactory factory = DecentDb.factory(database.url(""));

        CancelledBlocks.check(factory, 20);

        await(factory.close());
    }

    @Test
    void aBlockWithinATransactionThatIsCancelledIsUndoneBeforeTheTransactionGoesOn() {
        DecentDbConnection connection = database.connect();
        await(connection.execute("CREATE TABLE t (a BIGINT NOT NULL)"));

        for (int i = 1; i <= 50; i++) {
            long row = i;
            await(connection.beginTransaction());
            Flux<Object[]> endless = Flux.<Object[]>generate(sink -> sink.next(new Object[] {-row}));
            Disposable running =
                    connection.executeMany("INSERT INTO t VALUES ($1)", endless).subscribe();
            Thread.onSpinWait();
            running.dispose();
            await(connection.execute("INSERT INTO t VALUES ($1)", row));
            await(connection.commitTransaction());
        }

        assertThat(awaitValue(connection.fetchValue("SELECT count(*) FROM t WHERE a > 0", Long.class)))
                .isEqualTo(50);
        assertThat(awaitAll(connection.fetchLists("SELECT a FROM t WHERE a < 0")))
                .isEmpty();
    }
}
