package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/** A handle for watches alone, used by the hub's thread only once the database is open. */
public final class HandleWatchSource implements WatchSource {

    private static final Logger LOG = Loggers.getLogger(HandleWatchSource.class);

    private final Supplier<NativeDatabase> opener;
    private final boolean opensAtAnyTime;
    private @Nullable NativeDatabase database;

    /**
     * A handle not opened yet.
     *
     * @param opensAtAnyTime whether it may be opened anew whenever there is something to watch, rather than stay open
     */
    public HandleWatchSource(Supplier<NativeDatabase> opener, boolean opensAtAnyTime) {
        this.opener = opener;
        this.opensAtAnyTime = opensAtAnyTime;
    }

    /** Opens the handle; a failure is met again by its first use. */
    public void open() {
        try {
            handle();
        } catch (Throwable e) {
            LOG.debug("The handle of watches was not opened", e);
        }
    }

    private NativeDatabase handle() {
        NativeDatabase open = database;
        if (open == null) {
            open = opener.get();
            database = open;
        }
        return open;
    }

    @Override
    public <T> void call(Function<NativeDatabase, T> call, BiConsumer<@Nullable T, @Nullable Throwable> done) {
        T outcome;
        try {
            NativeDatabase open = handle();
            // A handle sees what other handles changed only when it looks: beginning a transaction does, and describing
            // the
            // schema, which finds what a checkpoint has taken out of the log.
            open.listViews();
            open.begin();
            open.rollback();
            outcome = call.apply(open);
        } catch (Throwable e) {
            done.accept(null, e);
            return;
        }
        done.accept(outcome, null);
    }

    @Override
    public boolean isOpen() {
        return database != null;
    }

    @Override
    public void rest() {
        if (opensAtAnyTime) {
            close();
        }
    }

    @Override
    public void close() {
        NativeDatabase open = database;
        if (open != null) {
            open.close();
            database = null;
        }
    }
}
