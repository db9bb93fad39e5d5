package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The one line on which all sessions write, each while it holds the lease. Confined to the loop. */
public final class WriterLine implements LineSource {

    private final LineOpener opener;
    private final Duration validateAfterIdle;
    private final List<LineOpener.Opened> waiting = new ArrayList<>();
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
        waiting.add(opened);
        if (waiting.size() > 1) {
            // The line that is being opened for a write which was cancelled meanwhile will do.
            return;
        }
        try {
            open();
        } catch (Throwable e) {
            waiting.remove(opened);
            throw e;
        }
    }

    private void open() {
        opener.open(new LineOpener.Opened() {
            @Override
            public void opened(Line fresh) {
                line = fresh;
                fresh.role(ClusterMeters.Role.WRITER);
                if (closed) {
                    fresh.close();
                }
                served().forEach(each -> LineOpener.hand(fresh, each));
            }

            @Override
            public void failed(R2dbcException error) {
                served().forEach(each -> each.failed(error));
            }
        });
    }

    private List<LineOpener.Opened> served() {
        List<LineOpener.Opened> served = List.copyOf(waiting);
        waiting.clear();
        return served;
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
