package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.api.EngineInfo;
import com.decentdb.r2dbc.api.WriteOutcome;
import com.decentdb.r2dbc.api.WriteQueueMetrics;
import com.decentdb.r2dbc.api.schema.SchemaInspection;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.live.LiveFeeds;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Capability;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.CountCursor;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.TransactionOptions;
import com.decentdb.r2dbc.transport.WatchRequest;
import com.decentdb.r2dbc.transport.WatchedEvent;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A session without a database: it records every call and answers every statement with one row changed. */
final class RecordingSession implements Session {

    final List<String> calls = new ArrayList<>();

    /** The outcome of commits; null if they succeed. */
    @Nullable
    R2dbcException commitFailure;

    boolean inTransaction;

    /** A connection over this session, with options as in the query of a URL. */
    DefaultConnection connection(String query) {
        SessionSettings settings = SessionSettings.of(
                ConnectionFactoryOptions.parse("r2dbc:decentdb:///test.ddb" + query), Duration.ZERO, false);
        return new DefaultConnection(this, settings, sessions -> new LiveFeeds(sessions, settings));
    }

    @Override
    public Flux<Cursor> execute(Command command) {
        return Flux.defer(() -> {
            calls.add(command.sql().text());
            return Flux.fromIterable(command.bindings()).map(arguments -> new CountCursor(1));
        });
    }

    @Override
    public Mono<Void> begin(TransactionOptions options) {
        return call(options.readOnly() ? "begin read-only" : "begin", true);
    }

    @Override
    public Mono<Void> commit() {
        R2dbcException failure = commitFailure;
        return failure == null ? call("commit", false) : Mono.error(failure);
    }

    @Override
    public Mono<Void> rollback() {
        return call("rollback", false);
    }

    @Override
    public Mono<Void> setReadOnly(boolean readOnly) {
        return call(readOnly ? "read-only" : "read-write", inTransaction);
    }

    @Override
    public Mono<Void> reset() {
        return inTransaction ? rollback() : Mono.empty();
    }

    @Override
    public Mono<Void> setAuditContext(String key, @Nullable String value) {
        return call("audit " + key + "=" + value, inTransaction);
    }

    @Override
    public void setLockWait(Duration lockWait) {
        // Every command carries its own.
    }

    @Override
    public boolean hasOpenResults() {
        return false;
    }

    @Override
    public boolean inTransaction() {
        return inTransaction;
    }

    @Override
    public Mono<Long> executeQueued(SqlCommand sql, Value[] arguments, Duration timeout) {
        return Mono.fromSupplier(() -> {
            calls.add("queued " + sql.text());
            return 1L;
        });
    }

    @Override
    public Flux<WriteOutcome> executeQueued(SqlCommand sql, Publisher<Value[]> arguments, Duration timeout) {
        return Flux.from(arguments)
                .concatMap(each -> executeQueued(sql, each, timeout))
                .index((index, done) -> new WriteOutcome(index, done, null));
    }

    @Override
    public Flux<WatchedEvent> watch(WatchRequest request) {
        return Flux.never();
    }

    @Override
    public Mono<Session> sibling() {
        return Mono.just(this);
    }

    @Override
    public Executor delivery() {
        return Runnable::run;
    }

    @Override
    public Mono<WriteQueueMetrics> writeQueueMetrics() {
        return Mono.just(new WriteQueueMetrics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }

    @Override
    public Mono<Void> checkpoint() {
        return call("checkpoint", inTransaction);
    }

    @Override
    public Mono<Void> saveAs(Path path) {
        return call("save " + path, inTransaction);
    }

    @Override
    public SchemaInspection inspection() {
        throw new UnsupportedOperationException("A recording has no schema");
    }

    @Override
    public Mono<Boolean> ping() {
        return Mono.just(true);
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public Mono<Void> close() {
        return call("close", false);
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.COUNTS_ROWS, Capability.WATCHES_RANGES, Capability.STOPS_STATEMENTS);
    }

    @Override
    public String name() {
        return "recording";
    }

    @Override
    public EngineInfo engine() {
        return new EngineInfo("0", 7, "recording", "RECORDING", false);
    }

    private Mono<Void> call(String call, boolean inTransactionAfter) {
        return Mono.fromRunnable(() -> {
            calls.add(call);
            inTransaction = inTransactionAfter;
        });
    }
}
