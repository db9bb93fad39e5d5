package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A handle for watches alone, used by the hub's thread only. */
public final class HandleWatchSource implements WatchSource {

    private final Supplier<NativeDatabase> opener;
    private @Nullable NativeDatabase database;

    public HandleWatchSource(Supplier<NativeDatabase> opener) {
        this.opener = opener;
    }

    @Override
    public <T> void call(Function<NativeDatabase, T> call, BiConsumer<@Nullable T, @Nullable Throwable> done) {
        T outcome;
        try {
            NativeDatabase open = database;
            if (open == null) {
                open = opener.get();
                database = open;
            }
            // A handle sees the schema that another handle changed only when it looks: beginning a transaction does.
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
    public void rest() {
        NativeDatabase open = database;
        database = null;
        if (open != null) {
            open.close();
        }
    }
}
