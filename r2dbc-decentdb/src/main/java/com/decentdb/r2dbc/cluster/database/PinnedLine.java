package com.decentdb.r2dbc.cluster.database;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.write.LineSource;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The line of a session with temporary objects or settings, which live as long as it does. When it is lost, the next statement
 * gets an error that says so, and the session is as new. Confined to the loop.
 */
public final class PinnedLine implements LineSource {

    private final ClusterDatabase database;
    private final Runnable whenLossWasReported;
    private final List<LineOpener.Opened> waiting = new ArrayList<>();
    private @Nullable Line line;
    private boolean opening;
    private boolean over;

    /**
     * Creates it; nothing is opened before it is needed.
     *
     * @param whenLossWasReported the session is as new from then on
     */
    public PinnedLine(ClusterDatabase database, Runnable whenLossWasReported) {
        this.database = database;
        this.whenLossWasReported = whenLossWasReported;
    }

    @Override
    public void line(LineOpener.Opened opened) {
        Line own = line;
        if (own != null && own.isOpen() && !over) {
            LineOpener.hand(own, opened);
        } else if (own != null || over) {
            close();
            whenLossWasReported.run();
            opened.failed(Failures.connectionFailure(
                    "The temporary objects and settings of the connection were lost with the leader; set them up again",
                    0,
                    null));
        } else {
            waiting.add(opened);
            if (!opening) {
                open();
            }
        }
    }

    private void open() {
        if (!database.pin()) {
            end(Failures.tooManyPinned(database.config().maxPinned()));
            return;
        }
        opening = true;
        database.opener().open(new LineOpener.Opened() {
            @Override
            public void opened(Line fresh) {
                opening = false;
                if (over) {
                    database.unpin();
                    fresh.close();
                    return;
                }
                List<LineOpener.Opened> served = List.copyOf(waiting);
                waiting.clear();
                line = fresh;
                fresh.role(ClusterMeters.Role.PINNED);
                served.forEach(each -> LineOpener.hand(fresh, each));
            }

            @Override
            public void failed(R2dbcException error) {
                opening = false;
                database.unpin();
                end(error);
            }
        });
    }

    private void end(R2dbcException error) {
        List<LineOpener.Opened> refused = List.copyOf(waiting);
        waiting.clear();
        whenLossWasReported.run();
        refused.forEach(each -> each.failed(error));
    }

    /** Drops the line, and with it all that was set up on it. */
    public void close() {
        if (over) {
            return;
        }
        over = true;
        Line own = line;
        if (own != null) {
            own.close();
        }
        if (!opening && own != null) {
            database.unpin();
        }
    }
}
