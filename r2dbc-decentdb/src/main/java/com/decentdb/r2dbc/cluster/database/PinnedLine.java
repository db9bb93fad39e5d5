package com.decentdb.r2dbc.cluster.database;

import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.write.LineSource;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The line of a session with temporary objects or settings, which live as long as it does. When it is lost, the next statement
 * gets an error that says so, and the session is as new. Confined to the loop.
 */
public final class PinnedLine implements LineSource {

    private static final String LOST =
            "The temporary objects and settings of the connection were lost with the leader; set them up again";

    private final ClusterDatabase database;
    private final Consumer<PinnedLine> whenOver;
    private final List<LineOpener.Opened> waiting = new ArrayList<>();
    private @Nullable Line line;
    private boolean opening;
    /** Why there will be no line any more. */
    private @Nullable R2dbcException over;

    /**
     * Creates it; nothing is opened before it is needed.
     *
     * @param whenOver takes it when its user has learned that there is no line any more; the session is as new from then on
     */
    public PinnedLine(ClusterDatabase database, Consumer<PinnedLine> whenOver) {
        this.database = database;
        this.whenOver = whenOver;
    }

    @Override
    public void line(LineOpener.Opened opened) {
        Line own = line;
        if (own != null && !own.isOpen()) {
            end(Failures.connectionFailure(LOST, 0, null));
        }
        waiting.add(opened);
        if (over != null) {
            refuse(over);
        } else if (own != null) {
            serve(own);
        } else if (!opening) {
            open();
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
                if (over != null) {
                    database.unpin();
                    fresh.close();
                    return;
                }
                line = fresh;
                fresh.role(ClusterMeters.Role.PINNED);
                serve(fresh);
            }

            @Override
            public void failed(R2dbcException error) {
                opening = false;
                database.unpin();
                end(error);
            }
        });
    }

    private void serve(Line own) {
        taken().forEach(each -> LineOpener.hand(own, each));
    }

    private void refuse(R2dbcException error) {
        whenOver.accept(this);
        taken().forEach(each -> each.failed(error));
    }

    private List<LineOpener.Opened> taken() {
        List<LineOpener.Opened> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }

    /** Drops the line, and with it all that was set up on it. */
    public void close() {
        end(Failures.connectionFailure(LOST, 0, null));
    }

    private void end(R2dbcException why) {
        if (over == null) {
            over = why;
            Line own = line;
            if (own != null) {
                own.close();
                database.unpin();
            }
            refuse(why);
        }
    }
}
