package com.decentdb.r2dbc.embedded.open;

import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The end of the JVM, before which databases without users are closed, so that all rows are in their one file. One whose last
 * connection is closed meanwhile closes with that, and the connection waits for it: an application that shuts down does so, beside this
 * hook, in one of its own. Nothing waits for connections that are never closed, but what they committed is moved into the file, too, unless
 * a transaction is open. The hook is there while a database is open, and keeps no class loader longer.
 */
final class ExitHook {

    private static final Logger LOG = Loggers.getLogger(ExitHook.class);
    private static final long PATIENCE_SECONDS = 10;

    /** Guarded by {@link OpenDatabases#LOCK}. */
    private static @Nullable Thread hook;

    private static volatile boolean runs;

    private ExitHook() {}

    /** Whether the JVM ends. */
    static boolean runs() {
        return runs;
    }

    /** Guarded by {@link OpenDatabases#LOCK}. */
    static void set() {
        if (hook == null && !runs) {
            Thread thread = DriverThreads.detached(() -> new Thread(ExitHook::run, "decentdb-exit"));
            try {
                Runtime.getRuntime().addShutdownHook(thread);
                hook = thread;
            } catch (IllegalStateException theJvmEnds) {
                runs = true;
            }
        }
    }

    /** Guarded by {@link OpenDatabases#LOCK}. */
    static void take() {
        Thread thread = hook;
        if (thread != null && !runs) {
            try {
                Runtime.getRuntime().removeShutdownHook(thread);
                hook = null;
            } catch (IllegalStateException theJvmEnds) {
                runs = true;
            }
        }
    }

    private static void run() {
        runs = true;
        List<Database> used = OpenDatabases.inUse();
        CountDownLatch settled = new CountDownLatch(1 + used.size());
        OpenDatabases.closeUnused(entry -> true, settled::countDown);
        used.forEach(database -> database.checkpoints().beforeTheEnd(settled::countDown));
        try {
            if (!settled.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("A database was not closed before the JVM ended; its log is read when it is opened again");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
