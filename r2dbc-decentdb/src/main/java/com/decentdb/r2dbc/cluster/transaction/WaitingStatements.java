package com.decentdb.r2dbc.cluster.transaction;

import com.decentdb.r2dbc.cluster.database.ClusterDatabase;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.ReaderLines;
import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.TransactionOptions;
import io.r2dbc.spi.R2dbcException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The statements of a transaction that has not begun, each within the time that it may wait for that. */
final class WaitingStatements {

    private record Pending(Exchange<?> exchange, Consumer<Line> work) implements WaitQueue.Request {}

    private final ClusterDatabase database;
    private final TransactionOptions options;
    private long since;
    private final WaitQueue<Pending> pending = new WaitQueue<>(Integer.MAX_VALUE);

    WaitingStatements(ClusterDatabase database, TransactionOptions options) {
        this.database = database;
        this.options = options;
    }

    /** Puts one behind those before it. */
    void add(Exchange<?> exchange, @Nullable String sql, boolean readOnly, Consumer<Line> work) {
        Pending request = new Pending(exchange, work);
        if (!pending.hasWaiter()) {
            since = System.nanoTime();
        }
        exchange.expiresAt(Deadlines.after(options.lockWait()), () -> lateness(sql, readOnly));
        exchange.onCancel(() -> pending.remove(request));
        pending.add(request);
    }

    private R2dbcException lateness(@Nullable String sql, boolean readOnly) {
        String who = "The first statement of " + (options.name() == null ? "the transaction" : "the " + options);
        return readOnly
                ? ReaderLines.timeout(options.lockWait(), database.config().maxReaders(), sql)
                : database.lease().timeout(who, options.lockWait(), sql);
    }

    /** Whether one still waits. */
    boolean any() {
        return pending.hasWaiter();
    }

    /** Runs them, in order, since the transaction has begun. */
    void run(Line on, boolean readOnly) {
        if (!readOnly) {
            database.meters().waitedForLock(System.nanoTime() - since);
        }
        for (Pending request : pending.drain()) {
            if (request.exchange().start()) {
                try {
                    request.work().accept(on);
                } catch (Throwable e) {
                    request.exchange().fail(Errors.map(e, null));
                }
            }
        }
    }

    void fail(R2dbcException error) {
        pending.drain().forEach(request -> request.exchange().fail(error));
    }
}
