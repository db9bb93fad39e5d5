package com.decentdb.r2dbc.embedded.meter;

import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.delivery.threads.Persistent;
import com.decentdb.r2dbc.delivery.threads.Task;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Shows the numbers of an open database in Micrometer's global registry, where a program has Micrometer. What registries do is
 * programs' code, so it runs on a worker, and neither an opening nor a closing waits for it.
 */
public final class DatabaseMeters {

    private static final Logger LOG = Loggers.getLogger(DatabaseMeters.class);

    private final String database;
    private final Supplier<Census> counted;
    private final Task show = Task.of(this::showNow);
    private final Persistent hiding = Persistent.of(this::hideNow);
    private final Task hide = Task.of(hiding::begin);

    // Guarded by this.
    private @Nullable Runnable removal;
    private boolean over;

    /**
     * Meters that are not shown yet.
     *
     * @param database their tag
     * @param counted counts at the moment it is asked; any thread, does not wait
     */
    public DatabaseMeters(String database, Supplier<Census> counted) {
        this.database = database;
        this.counted = counted;
    }

    /** Shows them soon. */
    public void show() {
        DriverThreads.workers().execute(show);
    }

    /** Takes them away soon, for good. */
    public void hide() {
        DriverThreads.workers().execute(hide);
    }

    private synchronized void showNow() {
        if (over) {
            return;
        }
        try {
            removal = MicrometerMeters.register(database, counted);
        } catch (LinkageError e) {
            // The program has no Micrometer.
            return;
        } catch (Throwable e) {
            LOG.warn("There are no meters of the database '{}': {}", database, e.toString());
        }
    }

    private synchronized void hideNow() {
        over = true;
        Runnable shown = removal;
        if (shown != null) {
            shown.run();
            removal = null;
        }
    }
}
