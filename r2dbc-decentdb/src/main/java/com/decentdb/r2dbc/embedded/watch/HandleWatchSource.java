package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeWatch;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Watches on a handle of their own, used by the hub's thread alone. */
public final class HandleWatchSource implements WatchSource {

    private final Supplier<NativeDatabase> opener;
    private @Nullable NativeDatabase database;

    public HandleWatchSource(Supplier<NativeDatabase> opener) {
        this.opener = opener;
    }

    @Override
    public void create(
            Function<NativeDatabase, NativeWatch> factory,
            BiConsumer<@Nullable NativeWatch, @Nullable Throwable> done) {
        NativeWatch watch;
        try {
            NativeDatabase open = database;
            if (open == null) {
                open = opener.get();
                database = open;
            }
            // What another handle did to the schema is only seen by one that looks: beginning a transaction does.
            open.begin();
            open.rollback();
            watch = factory.apply(open);
        } catch (RuntimeException e) {
            done.accept(null, e);
            return;
        }
        done.accept(watch, null);
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
