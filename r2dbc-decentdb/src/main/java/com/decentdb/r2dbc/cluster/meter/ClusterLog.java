package com.decentdb.r2dbc.cluster.meter;

import java.util.function.Consumer;
import reactor.util.Logger;
import reactor.util.Loggers;

/** The log of clusters. Its appenders are programs', and what they throw reaches nobody who waits for a statement. Any thread. */
public final class ClusterLog {

    private static final Logger LOG = Loggers.getLogger("com.decentdb.r2dbc.cluster");

    private ClusterLog() {}

    public static void debug(String format, Object... values) {
        write(log -> log.debug(format, values));
    }

    public static void info(String format, Object... values) {
        write(log -> log.info(format, values));
    }

    public static void warn(String format, Object... values) {
        write(log -> log.warn(format, values));
    }

    private static void write(Consumer<Logger> line) {
        try {
            line.accept(LOG);
        } catch (Throwable e) {
            // The log is where this would be reported.
        }
    }
}
