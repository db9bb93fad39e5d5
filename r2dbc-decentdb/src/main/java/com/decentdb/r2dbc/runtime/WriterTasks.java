package com.decentdb.r2dbc.runtime;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.sql.SqlCommand;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** What a session asks of the writer besides statements: queued writes, checkpoints, copies, metadata. */
final class WriterTasks {

    private final Database database;
    private final Executor delivery;

    WriterTasks(Database database, Executor delivery) {
        this.database = database;
        this.delivery = delivery;
    }

    /** A write through the engine's queue. */
    Mono<Long> queued(SqlCommand sql, Value[] arguments, Duration timeout, Consumer<QueuedWrite> submit) {
        return Exchange.mono(delivery, exchange -> {
            if (!timeout.isZero()) {
                exchange.expiresAt(
                        Deadlines.after(timeout),
                        () -> Errors.of(
                                "HYT00",
                                "The queued write waited " + timeout.toMillis() + " ms and was not started",
                                sql.source()));
            }
            submit.accept(new QueuedWrite(sql, arguments, exchange));
        });
    }

    Mono<WriteQueueMetrics> metrics() {
        return Exchange.mono(
                delivery,
                exchange -> database.writer().execute(() -> {
                    if (exchange.start()) {
                        answer(exchange, this::metrics);
                    }
                }));
    }

    private WriteQueueMetrics metrics(NativeDatabase handle) {
        com.decentdb.ffi.WriteQueueMetrics engine = handle.writeQueueMetrics();
        return new WriteQueueMetrics(
                database.queue().capacity(),
                database.queue().waiting(),
                engine.executed(),
                engine.committed(),
                engine.failed(),
                engine.groupCommitBatches(),
                engine.groupCommitMaxBatch(),
                engine.groupCommitSyncs(),
                engine.physicalSyncsSaved(),
                engine.totalQueueWaitNanos());
    }

    Mono<Void> checkpoint() {
        return underLease(handle -> {
            handle.checkpoint();
            return null;
        });
    }

    Mono<Void> saveAs(Path path) {
        return underLease(handle -> {
            try {
                handle.saveAs(path.toAbsolutePath().toString());
            } catch (NativeException e) {
                throw Errors.of("58030", "Cannot copy the database to " + path + ": " + e.getMessage(), 0, e);
            }
            return null;
        });
    }

    Mono<String> schema() {
        return underLease(NativeDatabase::schemaSnapshot);
    }

    /** Calls the writer's handle while nobody else writes. */
    private <T> Mono<T> underLease(Function<NativeDatabase, @Nullable T> call) {
        return Exchange.mono(delivery, exchange -> {
            WriteLease lease = database.lease();
            WriteLease.Claimant claim = WriteLease.claim(
                    "a task of the database",
                    exchange,
                    () -> database.writer().execute(() -> {
                        try {
                            answer(exchange, call);
                        } finally {
                            lease.release();
                        }
                    }));
            exchange.onCancel(() -> lease.withdraw(claim));
            lease.acquire(claim);
        });
    }

    private <T> void answer(Exchange<T> exchange, Function<NativeDatabase, @Nullable T> call) {
        try {
            exchange.answer(call.apply(database.writer().database()));
        } catch (Throwable e) {
            exchange.fail(Errors.map(e, null));
        }
    }
}
