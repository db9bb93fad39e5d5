package com.decentdb.r2dbc.cluster.session;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.ReaderLines;
import com.decentdb.r2dbc.delivery.WaitQueue;
import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;

/**
 * A transaction that waits for the lease, or for a line to read on. The statements that wait for the same have deadlines, this has
 * none.
 *
 * @param purpose the transaction in the errors of those that wait for it
 */
record TransactionClaim(ClusterTransaction transaction, String purpose)
        implements WriteLease.Claimant, ReaderLines.Reader, WaitQueue.Lasting {

    @Override
    public boolean granted() {
        try {
            return transaction.leased();
        } catch (Throwable e) {
            // There is no memory for the task that begins it, or the loop has ended.
            transaction.refuse(Errors.map(e, null));
            return false;
        }
    }

    @Override
    public void granted(Line line) {
        transaction.lent(line);
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
