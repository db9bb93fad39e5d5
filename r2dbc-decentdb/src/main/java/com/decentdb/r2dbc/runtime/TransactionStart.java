package com.decentdb.r2dbc.runtime;

import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;

/** A transaction on its way to the lane it runs on: with the write lease to the writer, without it to a reading lane. */
final class TransactionStart implements Readers.Reader {

    private final Database database;
    private final Executor delivery;
    private final Exchange<Transaction> exchange;

    private TransactionStart(Database database, Executor delivery, Exchange<Transaction> exchange) {
        this.database = database;
        this.delivery = delivery;
        this.exchange = exchange;
    }

    /** Begins a transaction; one that nobody waits for any more is rolled back. */
    static Mono<Transaction> mono(Database database, Lanes lanes, TransactionOptions options, Executor delivery) {
        return Exchange.mono(delivery, late -> late.rollback(() -> {}), exchange -> {
            TransactionStart start = new TransactionStart(database, delivery, exchange);
            Readers readers = options.readOnly() ? lanes.readers() : null;
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
                "the " + options, exchange, writer, () -> begin(writer, options.readOnly(), lease::release));
        exchange.onCancel(() -> lease.withdraw(claim));
        lease.acquire(claim);
    }

    private void read(Readers readers, TransactionOptions options) {
        exchange.expiresAt(
                Deadlines.after(options.lockWait()),
                () -> readers.timeout("The read-only " + options, options.lockWait(), null));
        exchange.onCancel(() -> readers.withdraw(this));
        readers.submit(this);
    }

    @Override
    public void run(Lane lane, Readers giver) {
        if (!exchange.start()) {
            giver.release(lane);
        } else if (begin(lane, true, () -> giver.release(lane))) {
            giver.rest(lane);
        }
    }

    private boolean begin(Lane lane, boolean readOnly, Runnable giveLaneBack) {
        try {
            exchange.answer(Transaction.begin(lane, readOnly, delivery, giveLaneBack, database::committed));
            return true;
        } catch (Throwable e) {
            exchange.fail(Errors.map(e, null));
            return false;
        }
    }

    @Override
    public Exchange<?> exchange() {
        return exchange;
    }
}
