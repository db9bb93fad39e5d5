package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeLibrary;
import com.decentdb.r2dbc.codec.StandardCodecs;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.embedded.engine.EngineJson;
import com.decentdb.r2dbc.sql.ParameterStyle;
import com.decentdb.r2dbc.sql.SqlScript;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Loads, beside the thread that subscribes to the first connection of a JVM, what that connection and its first statement
 * wait for: the library on one worker, and code of the driver that costs most to start on another. None of it runs code of
 * users, who may have subscribed inside a class initializer. A failure is left to the caller that needs the thing: it meets
 * the failure again and reports it.
 */
final class HeadStart {

    private static final AtomicBoolean BEGUN = new AtomicBoolean();

    private HeadStart() {}

    /** Begins once in a JVM, and returns at once. */
    static void begin(@Nullable Path library) {
        if (BEGUN.compareAndSet(false, true)) {
            begin(() -> NativeLibrary.load(library));
            begin(() -> {
                // In the order in which a statement needs them.
                SqlScript.parse("SELECT 1", ParameterStyle.NATIVE);
                EngineJson.object("{\"a\":[0,null,true,\"b\"]}", "a head start");
                StandardCodecs.load();
            });
        }
    }

    private static void begin(Runnable step) {
        try {
            DriverThreads.workers().execute(() -> {
                try {
                    step.run();
                } catch (Throwable e) {
                    // As below.
                }
            });
        } catch (Throwable e) {
            // No thread or no memory: the connection needs both, and reports it.
        }
    }
}
