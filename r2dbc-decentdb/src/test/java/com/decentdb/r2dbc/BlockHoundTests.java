package com.decentdb.r2dbc;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.api.DecentDbConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** All tests run under BlockHound; these show that it watches. */
class BlockHoundTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @Test
    void aNativeCallOnANonBlockingThreadIsCaught() {
        try (NativeDatabase handle = NativeLibrary.load(null).open(":memory:", OpenMode.OPEN_OR_CREATE, "")) {
            Mono<Boolean> call = Mono.fromCallable(() -> {
                handle.execute("SELECT 1", Parameters.of(0)).close();
                return true;
            });
            assertCaught(call, "com.decentdb.ffi.NativeHandle#enter");
            assertThat(call.subscribeOn(Schedulers.boundedElastic()).block(PATIENCE))
                    .isTrue();
        }
    }

    @Test
    void openingAHandleOnANonBlockingThreadIsCaught() {
        NativeLibrary library = NativeLibrary.load(null);
        assertCaught(
                Mono.fromRunnable(() ->
                        library.open(":memory:", OpenMode.OPEN_OR_CREATE, "").close()),
                "com.decentdb.ffi.NativeLibrary#open");
    }

    @Test
    void theDriverMayBeUsedFromNonBlockingThreads() {
        Flux<Long> work = Flux.usingWhen(
                database.factory().create(),
                connection -> connection
                        .execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
                        .thenMany(connection.inTransaction(tx ->
                                Flux.range(0, 1_000).concatMap(id -> tx.execute("INSERT INTO t VALUES ($1)", id))))
                        .thenMany(Flux.range(1_000, 1_000)
                                .flatMap(
                                        id -> connection
                                                .executeQueued("INSERT INTO t VALUES ($1)", id)
                                                .subscribeOn(Schedulers.parallel()),
                                        64))
                        .then(connection.checkpoint())
                        .thenMany(connection.fetch("SELECT id FROM t").publishOn(Schedulers.parallel(), 1))
                        .count(),
                DecentDbConnection::close);

        work.subscribeOn(Schedulers.parallel())
                .as(StepVerifier::create)
                .expectNext(2_000L)
                .expectComplete()
                .verify(PATIENCE);
    }

    private static void assertCaught(Mono<?> call, String method) {
        StepVerifier.create(call.subscribeOn(Schedulers.parallel()))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(BlockingOperationError.class)
                        .hasMessageContaining(method))
                .verify(PATIENCE);
    }
}
