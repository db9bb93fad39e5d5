package com.decentdb.r2dbc.runtime;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeWatch;
import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.watch.WatchSource;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Watches on a handle of their own, used by the hub's thread alone. */
final class HandleWatchSource implements WatchSource {

    private final Supplier<NativeDatabase> opener;
    private @Nullable NativeDatabase database;

    HandleWatchSource(Supplier<NativeDatabase> opener) {
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
            watch = create(factory, open);
        } catch (RuntimeException e) {
            done.accept(null, e);
            return;
        }
        done.accept(watch, null);
    }

    /** A handle may not know yet of a table that another one created; reading anything makes it look again. */
    private static NativeWatch create(Function<NativeDatabase, NativeWatch> factory, NativeDatabase open) {
        try {
            return factory.apply(open);
        } catch (NativeException e) {
            open.execute("SELECT COUNT(*) FROM sqlite_schema", Parameters.of(0)).close();
            return factory.apply(open);
        }
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
