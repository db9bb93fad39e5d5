package com.decentdb.r2dbc.embedded.open;

import com.decentdb.r2dbc.delivery.WriteLease;
import com.decentdb.r2dbc.embedded.lane.FileGuard;
import com.decentdb.r2dbc.embedded.lane.Lane;
import reactor.util.Logger;
import reactor.util.Loggers;

/** Makes handles that read faster, which some engines do under the write lock alone, as soon as that pays. */
record Warming(WriteLease lease, FileGuard guard) {

    private static final Logger LOG = Loggers.getLogger(Warming.class);

    /** Notes the time that a read on a read lane took. */
    void took(Lane lane, long nanos) {
        if (!lane.worthWarming(nanos)) {
            return;
        }
        try {
            lease.acquire(WriteLease.claim("the preparation of a handle that reads", lane, () -> warm(lane)));
        } catch (Throwable e) {
            LOG.debug("A handle goes on reading slowly", e);
        }
    }

    private void warm(Lane lane) {
        try {
            guard.alone(lane.database(), () -> {
                lane.warm();
                return lane;
            });
        } catch (Throwable e) {
            LOG.debug("A handle goes on reading slowly", e);
        } finally {
            lease.release();
        }
    }
}
