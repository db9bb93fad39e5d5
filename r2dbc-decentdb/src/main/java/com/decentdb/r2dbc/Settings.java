package com.decentdb.r2dbc;

import com.decentdb.r2dbc.runtime.DatabaseConfig;
import com.decentdb.r2dbc.runtime.Errors;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * What a connection factory was asked for, checked.
 *
 * @param database the database and how to open it
 * @param lockWait how long to wait for the right to write unless a connection or transaction says otherwise
 * @param statementTimeout how long to wait for a statement's first response; zero means without limit
 * @param fetchSize how many rows to read at once
 * @param writeQueueEnabled whether writes outside transactions go through the engine's queue
 * @param queueTimeout how long a queued write may wait to be started; zero means without limit
 */
record Settings(
        DatabaseConfig database,
        Duration lockWait,
        Duration statementTimeout,
        int fetchSize,
        boolean writeQueueEnabled,
        Duration queueTimeout) {

    private static final Logger LOG = Loggers.getLogger(DecentDb.class);
    private static final Duration DEFAULT_LOCK_WAIT = Duration.ofSeconds(30);
    private static final int MAX_FETCH_SIZE = 65_536;
    private static final AtomicLong UNNAMED = new AtomicLong();

    static Settings of(ConnectionFactoryOptions options) {
        OptionReader reader = new OptionReader(options);
        warnAboutMisspelled(options);
        String memoryName = memoryName(options, reader);
        Path path = memoryName == null ? path(reader) : null;
        String library = reader.text(DecentDbOptions.NATIVE_LIBRARY);
        int queueThreads = reader.integer(DecentDbOptions.QUEUE_THREADS, 16, 1);
        int queueCapacity = reader.integer(DecentDbOptions.WRITE_QUEUE_CAPACITY, 1024, 1);
        DatabaseConfig database = new DatabaseConfig(
                path,
                memoryName == null ? String.valueOf(path) : memoryName,
                library == null ? null : toPath(DecentDbOptions.NATIVE_LIBRARY, library),
                reader.constant(
                        DecentDbOptions.MODE,
                        DatabaseConfig.Mode.class,
                        DatabaseConfig.Mode.OPEN_OR_CREATE,
                        "create, open or openOrCreate"),
                engineOptions(options, Math.max(queueCapacity, queueThreads)),
                reader.integer(
                        DecentDbOptions.MAX_READERS,
                        Math.min(4, 2 * Runtime.getRuntime().availableProcessors()),
                        1),
                queueThreads,
                queueCapacity,
                reader.integer(DecentDbOptions.MAX_PENDING_WRITES, 65_536, 1),
                reader.integer(DecentDbOptions.STATEMENT_CACHE_SIZE, 256, 0),
                reader.duration(DecentDbOptions.LINGER, Duration.ofSeconds(1)),
                reader.duration(DecentDbOptions.CHECKPOINT_IDLE, Duration.ofSeconds(5)));
        return new Settings(
                database,
                reader.duration(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT, DEFAULT_LOCK_WAIT),
                reader.duration(ConnectionFactoryOptions.STATEMENT_TIMEOUT, Duration.ZERO),
                Math.min(MAX_FETCH_SIZE, reader.integer(DecentDbOptions.FETCH_SIZE, 256, 1)),
                reader.flag(DecentDbOptions.WRITE_QUEUE_ENABLED, false),
                reader.duration(DecentDbOptions.WRITE_QUEUE_DEFAULT_TIMEOUT, Duration.ZERO));
    }

    private static @Nullable String memoryName(ConnectionFactoryOptions options, OptionReader reader) {
        String protocol = reader.text(ConnectionFactoryOptions.PROTOCOL);
        String host = reader.text(ConnectionFactoryOptions.HOST);
        String name = reader.text(ConnectionFactoryOptions.DATABASE);
        boolean memory = "mem".equals(protocol);
        if (!memory && protocol != null && !protocol.isEmpty() && !protocol.equals("file")) {
            throw OptionReader.invalid(
                    ConnectionFactoryOptions.PROTOCOL, protocol, "'mem', 'file' or absent: r2dbc:decentdb:mem:///name");
        }
        if (host != null && !host.isEmpty() && !(memory && name == null)) {
            throw Errors.of(
                    "08001",
                    "r2dbc:decentdb://" + host + "/.. names the host '" + host + "', but DecentDB runs inside the"
                            + " application and has none. Write four slashes for an absolute path"
                            + " (r2dbc:decentdb:////var/lib/app.ddb), three for a relative one"
                            + " (r2dbc:decentdb:///" + host + "/" + (name == null ? "" : name) + "),"
                            + " or r2dbc:decentdb:mem:///name for a database in memory",
                    null);
        }
        if (options.hasOption(ConnectionFactoryOptions.PORT)) {
            throw OptionReader.invalid(
                    ConnectionFactoryOptions.PORT,
                    String.valueOf(options.getValue(ConnectionFactoryOptions.PORT)),
                    "absent: DecentDB runs inside the application");
        }
        if (memory) {
            String chosen = name == null ? host : name;
            if (chosen == null || chosen.isEmpty()) {
                throw Errors.of("08001", "A database in memory needs a name: r2dbc:decentdb:mem:///name", null);
            }
            return chosen;
        }
        return ":memory:".equalsIgnoreCase(name) ? ":memory:" + UNNAMED.incrementAndGet() : null;
    }

    private static Path path(OptionReader reader) {
        String name = reader.text(ConnectionFactoryOptions.DATABASE);
        if (name == null || name.isBlank()) {
            throw Errors.of(
                    "08001",
                    "Option 'database' is missing: name the database file, as in r2dbc:decentdb:////var/lib/app.ddb",
                    null);
        }
        String expanded = name.startsWith("~/") ? System.getProperty("user.home") + name.substring(1) : name;
        return toPath(ConnectionFactoryOptions.DATABASE, expanded);
    }

    private static Path toPath(Option<?> option, String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw OptionReader.invalid(option, text, "a path of this platform (" + e.getReason() + ")");
        }
    }

    private static String engineOptions(ConnectionFactoryOptions options, int queueCapacity) {
        StringJoiner joined = new StringJoiner(";");
        joined.add("write_queue_capacity=" + queueCapacity);
        for (String name : DecentDbOptions.ENGINE_OPTIONS) {
            Object value = options.getValue(Option.valueOf(name));
            if (value == null) {
                continue;
            }
            String text = value.toString();
            if (text.isEmpty() || !text.matches("[^\\s,;]+")) {
                boolean secret = name.contains("key") && !name.contains("index");
                throw OptionReader.invalid(
                        Option.valueOf(name),
                        secret ? "***" : text,
                        "free of blanks, commas and semicolons, and not empty");
            }
            joined.add(name + "=" + text);
        }
        return joined.toString();
    }

    /** Options a driver does not know must be tolerated; one that differs in case only is worth a warning. */
    private static void warnAboutMisspelled(ConnectionFactoryOptions options) {
        for (Option<?> known : new Option<?>[] {
            DecentDbOptions.NATIVE_LIBRARY,
            DecentDbOptions.MODE,
            DecentDbOptions.MAX_READERS,
            DecentDbOptions.FETCH_SIZE,
            DecentDbOptions.WRITE_QUEUE_ENABLED,
            DecentDbOptions.WRITE_QUEUE_CAPACITY,
            DecentDbOptions.WRITE_QUEUE_DEFAULT_TIMEOUT,
            DecentDbOptions.QUEUE_THREADS,
            DecentDbOptions.MAX_PENDING_WRITES,
            DecentDbOptions.STATEMENT_CACHE_SIZE,
            DecentDbOptions.LINGER,
            DecentDbOptions.CHECKPOINT_IDLE
        }) {
            String name = known.name();
            String snake = name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
            for (String variant : new String[] {name.toLowerCase(Locale.ROOT), snake, snake.replace('_', '-')}) {
                if (!variant.equals(name) && options.hasOption(Option.valueOf(variant))) {
                    LOG.warn("Option '{}' is unknown and ignored; did you mean '{}'?", variant, name);
                }
            }
        }
    }
}
