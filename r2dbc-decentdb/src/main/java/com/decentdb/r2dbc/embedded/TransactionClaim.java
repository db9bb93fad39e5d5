package com.decentdb.r2dbc.embedded;

import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.delivery.threads.Task;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;

/** Waits for the write lock or a read lane; the statements that wait for the same have deadlines, this has none. */
final class TransactionClaim implements WriteLease.Claimant, ReadLanes.Reader, WaitQueue.Lasting {

    private final SessionTransaction transaction;
    private final WriteLease lease;
    private final Lane writer;
    private final String purpose;
    private final Runnable release;
    private final Task next = Task.of(this::begin);
    private final Task retry = Task.of(this::beginIfWanted);

    /**
     * A claim of the write lock or of a read lane.
     *
     * @param writer the lane of the transaction if it has the write lock
     */
    TransactionClaim(SessionTransaction transaction, WriteLease lease, Lane writer, String purpose) {
        this.transaction = transaction;
        this.lease = lease;
        this.writer = writer;
        this.purpose = purpose;
        this.release = lease::release;
    }

    @Override
    public boolean granted() {
        try {
            if (transaction.wanted()) {
                writer.execute(next);
                return true;
            }
        } catch (Throwable e) {
            transaction.refuse(NativeErrors.map(e, null));
        }
        return false;
    }

    private void begin() {
        transaction.begin(writer, release, retry);
    }

    /** Begins under the write lock, which it holds already. */
    private void beginIfWanted() {
        boolean wanted = false;
        try {
            wanted = transaction.wanted();
        } catch (Throwable e) {
            transaction.refuse(NativeErrors.map(e, null));
        }
        if (wanted) {
            begin();
        } else {
            lease.release();
        }
    }

    @Override
    public void run(Lane lane, ReadLanes giver) {
        Runnable giveBack;
        try {
            giveBack = transaction.wanted() ? () -> giver.release(lane) : null;
        } catch (Throwable e) {
            giveBack = null;
            transaction.refuse(NativeErrors.map(e, null));
        }
        if (giveBack == null) {
            giver.release(lane);
        } else if (transaction.begin(lane, giveBack, null)) {
            giver.rest(lane);
        }
    }

    @Override
    public String purpose() {
        return purpose;
    }

    @Override
    public void refused() {
        transaction.refuse(Errors.closed());
    }

    @Override
    public void refused(R2dbcException error) {
        transaction.refuse(error);
    }
}
