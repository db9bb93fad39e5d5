package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The one line on which all sessions write, each while it holds the lease. Confined to the loop. */
public final class WriterLine implements LineSource {

    private final LineOpener opener;
    private final Duration validateAfterIdle;
    private @Nullable Line line;
    private long epoch;
    private boolean closed;

    public WriterLine(LineOpener opener, Duration validateAfterIdle) {
        this.opener = opener;
        this.validateAfterIdle = validateAfterIdle;
    }

    @Override
    public void line(LineOpener.Opened opened) {
        Line known = line;
        if (known == null || !known.isOpen() || known.epoch() < epoch) {
            replace(opened);
        } else if (known.isFree() && System.nanoTime() - known.idleSince() > validateAfterIdle.toNanos()) {
            opener.check(known, () -> LineOpener.hand(known, opened), () -> replace(opened));
        } else {
            LineOpener.hand(known, opened);
        }
    }

    private void replace(LineOpener.Opened opened) {
        closeLine();
        opener.open(new LineOpener.Opened() {
            @Override
            public void opened(Line fresh) {
                line = fresh;
                fresh.role(ClusterMeters.Role.WRITER);
                if (closed) {
                    fresh.close();
                }
                LineOpener.hand(fresh, opened);
            }

            @Override
            public void failed(R2dbcException error) {
                opened.failed(error);
            }
        });
    }

    private void closeLine() {
        Line known = line;
        line = null;
        if (known != null) {
            known.close();
        }
    }

    /** Another leader was found. A line that is in use goes on until its node refuses. */
    public void epoch(long now) {
        epoch = now;
        Line known = line;
        if (known != null && known.isFree() && known.epoch() < now) {
            closeLine();
        }
    }

    public void close() {
        closed = true;
        closeLine();
    }
}
