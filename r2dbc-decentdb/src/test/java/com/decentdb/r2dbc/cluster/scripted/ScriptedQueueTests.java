package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.on;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.once;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

/** The counters of the writes that wait for each other. */
class ScriptedQueueTests {

    private static final String FIRST = "INSERT INTO t VALUES (1)";

    private static WriteQueueMetrics metrics(DecentDbConnection connection) {
        return awaitValue(connection.writeQueueMetrics());
    }

    @Test
    void theTimeThatWritesWaitForOthersIsCounted() throws IOException {
        CountDownLatch answer = new CountDownLatch(1);
        on(
                once(FIRST, talk -> {
                    try {
                        answer.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    talk.answer(Wire.result(1, 1));
                }),
                "",
                (connection, leader) -> {
                    long[] waited = new long[1];
                    StepVerifier.create(connection.executeQueued(FIRST).then(connection.execute("DELETE FROM t")))
                            .then(() -> leader.awaitStatement(FIRST))
                            .then(() -> {
                                long before = metrics(connection).waitNanos();
                                StepVerifier.create(connection.executeQueued("INSERT INTO t VALUES (2)"))
                                        .then(() -> {
                                            while (metrics(connection).waiting() == 0) {
                                                Thread.onSpinWait();
                                            }
                                            long since = System.nanoTime();
                                            while (System.nanoTime() - since < 20_000_000) {
                                                Thread.onSpinWait();
                                            }
                                            waited[0] = before + System.nanoTime() - since;
                                            answer.countDown();
                                        })
                                        .expectNext(1L)
                                        .expectComplete()
                                        .verify(PATIENCE);
                            })
                            .expectNext(1L)
                            .expectComplete()
                            .verify(PATIENCE);

                    assertThat(metrics(connection).waitNanos()).isGreaterThanOrEqualTo(waited[0]);
                    assertThat(metrics(connection).executed()).isEqualTo(3);
                });
    }
}
