package com.decentdb.r2dbc.embedded;

import com.decentdb.r2dbc.delivery.Deadlines;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.embedded.write.LaneTransaction;
import com.decentdb.r2dbc.embedded.write.SessionLanes;
import com.decentdb.r2dbc.embedded.write.WriteLease;
import com.decentdb.r2dbc.transport.TransactionOptions;
import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;

/** A transaction on its way to the lane it runs on: with the write lock to the writer lane, without it to a read lane. */
final class TransactionStart implements ReadLanes.Reader {

    private final Database database;
    private final Executor delivery;
    private final Exchange<LaneTransaction> exchange;

    private TransactionStart(Database database, Executor delivery, Exchange<LaneTransaction> exchange) {
        this.database = database;
        this.delivery = delivery;
        this.exchange = exchange;
    }

    /** Begins a transaction; one whose subscriber cancelled is rolled back. */
    static Mono<LaneTransaction> mono(
            Database database, SessionLanes lanes, TransactionOptions options, Executor delivery) {
        return Exchange.mono(delivery, late -> late.rollback(() -> {}), exchange -> {
            TransactionStart start = new TransactionStart(database, delivery, exchange);
            ReadLanes readers = options.readOnly() ? lanes.readers() : null;
            if (readers == null) {
                start.write(lanes.writer(), options);
            } else {
                start.read(readers, options);
            }
        });
    }

    private void write(Lane writer, TransactionOptions options) {
        WriteLease lease = database.lease();
        exchange.expiresAt(
                Deadlines.after(options.lockWait()), () -> lease.timeout("The " + options, options.lockWait(), null));
        WriteLease.Claimant claim = WriteLease.claim(
                options.holder(), exchange, writer, () -> begin(writer, options.readOnly(), lease::release));
        exchange.onCancel(() -> lease.withdraw(claim));
        lease.acquire(claim);
    }

    private void read(ReadLanes readers, TransactionOptions options) {
        exchange.expiresAt(
                Deadlines.after(options.lockWait()),
                () -> readers.timeout("The read-only " + options, options.lockWait(), null));
        exchange.onCancel(() -> readers.withdraw(this));
        readers.submit(this);
    }

    @Override
    public void run(Lane lane, ReadLanes giver) {
        if (!exchange.start()) {
            giver.release(lane);
        } else if (begin(lane, true, () -> giver.release(lane))) {
            giver.rest(lane);
        }
    }

    private boolean begin(Lane lane, boolean readOnly, Runnable giveLaneBack) {
        try {
            exchange.answer(LaneTransaction.begin(lane, readOnly, delivery, giveLaneBack, database::committed));
            return true;
        } catch (Throwable e) {
            exchange.fail(NativeErrors.map(e, null));
            return false;
        }
    }

    @Override
    public Exchange<?> exchange() {
        return exchange;
    }
}
