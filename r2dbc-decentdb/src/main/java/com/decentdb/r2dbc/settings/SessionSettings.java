package com.decentdb.r2dbc.settings;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbOptions;
import com.decentdb.r2dbc.embedded.EmbeddedConfig;
import com.decentdb.r2dbc.sql.ParameterStyle;
import com.decentdb.r2dbc.sql.SqlScript;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
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
 * @param connectTimeout how long opening a connection may take; zero means without limit
 * @param parameterStyle how SQL text names its parameters
 */
public record SessionSettings(
        EmbeddedConfig database,
        Duration lockWait,
        Duration statementTimeout,
        int fetchSize,
        boolean writeQueueEnabled,
        Duration queueTimeout,
        Duration connectTimeout,
        ParameterStyle parameterStyle) {

    private static final Logger LOG = Loggers.getLogger(DecentDb.class);
    private static final Duration DEFAULT_LOCK_WAIT = Duration.ofSeconds(30);
    private static final int MAX_FETCH_SIZE = 65_536;
    private static final AtomicLong UNNAMED = new AtomicLong();

    public static SessionSettings of(ConnectionFactoryOptions options) {
        OptionReader reader = new OptionReader(options);
        warnAboutMisspelled(options);
        String memoryName = memoryName(options, reader);
        Path path = memoryName == null ? path(reader) : null;
        String library = reader.text(DecentDbOptions.NATIVE_LIBRARY);
        EmbeddedConfig database = new EmbeddedConfig(
                path,
                memoryName == null ? String.valueOf(path) : memoryName,
                library == null ? null : toPath(DecentDbOptions.NATIVE_LIBRARY, library),
                reader.constant(
                        DecentDbOptions.MODE,
                        EmbeddedConfig.Mode.class,
                        EmbeddedConfig.Mode.OPEN_OR_CREATE,
                        "create, open or openOrCreate"),
                engineOptions(reader),
                reader.integer(
                        DecentDbOptions.MAX_READERS,
                        Math.min(4, 2 * Runtime.getRuntime().availableProcessors()),
                        1),
                reader.integer(DecentDbOptions.MAX_PINNED_CONNECTIONS, 16, 0),
                reader.integer(DecentDbOptions.QUEUE_THREADS, 16, 1),
                reader.integer(DecentDbOptions.WRITE_QUEUE_CAPACITY, 1024, 1),
                reader.integer(DecentDbOptions.MAX_PENDING_WRITES, 65_536, 1),
                reader.integer(DecentDbOptions.STATEMENT_CACHE_SIZE, 256, 0),
                reader.duration(DecentDbOptions.LINGER, Duration.ofSeconds(1)),
                reader.duration(DecentDbOptions.CHECKPOINT_IDLE, Duration.ofSeconds(5)),
                DecentDbOptions.OWN.stream()
                        .filter(options::hasOption)
                        .map(Option::name)
                        .collect(Collectors.toUnmodifiableSet()));
        return new SessionSettings(
                database,
                reader.duration(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT, DEFAULT_LOCK_WAIT),
                reader.duration(ConnectionFactoryOptions.STATEMENT_TIMEOUT, Duration.ZERO),
                Math.min(MAX_FETCH_SIZE, reader.integer(DecentDbOptions.FETCH_SIZE, 256, 1)),
                reader.flag(DecentDbOptions.WRITE_QUEUE_ENABLED, false),
                reader.duration(DecentDbOptions.WRITE_QUEUE_DEFAULT_TIMEOUT, Duration.ZERO),
                reader.duration(ConnectionFactoryOptions.CONNECT_TIMEOUT, Duration.ZERO),
                reader.constant(
                        DecentDbOptions.PARAMETER_STYLE,
                        ParameterStyle.class,
                        ParameterStyle.NATIVE,
                        "native, jdbc or named"));
    }

    /** Cuts SQL text whose parameters are named as the options say. */
    public SqlScript parse(String sql) {
        if (sql == null) {
            throw new IllegalArgumentException("The SQL text must not be null");
        }
        SqlScript script = SqlScript.parse(sql, parameterStyle);
        if (script.commands().isEmpty()) {
            throw new IllegalArgumentException("The SQL text holds no statement");
        }
        return script;
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

    private static String engineOptions(OptionReader reader) {
        StringJoiner joined = new StringJoiner(";");
        for (String name : DecentDbOptions.ENGINE_OPTIONS) {
            String text = reader.text(Option.valueOf(name));
            if (text == null) {
                continue;
            }
            if (!passable(text)) {
                throw OptionReader.invalid(
                        Option.valueOf(name), text, "free of blanks, commas and semicolons, and not empty");
            }
            joined.add(name + "=" + text);
        }
        String key = key(reader);
        return key == null ? joined.toString() : joined.add(key).toString();
    }

    /** The key among the engine's options; keys are never shown. */
    private static @Nullable String key(OptionReader reader) {
        List<Option<CharSequence>> given = new ArrayList<>();
        for (Option<CharSequence> option : DecentDbOptions.KEYS) {
            if (reader.text(option) != null) {
                given.add(option);
            }
        }
        String password = reader.text(ConnectionFactoryOptions.PASSWORD);
        if (password != null && !password.isEmpty()) {
            given.add(ConnectionFactoryOptions.PASSWORD);
        }
        if (given.isEmpty()) {
            return null;
        }
        if (given.size() > 1) {
            throw Errors.of(
                    "08001",
                    "The key is given more than once, as "
                            + given.stream().map(Option::name).toList() + "; give one of them",
                    null);
        }
        Option<CharSequence> option = given.get(0);
        String key = String.valueOf(reader.text(option));
        if (key.isEmpty()) {
            throw OptionReader.invalid(option, "", "a key; leave the option out for a database without one");
        }
        if (option.name().endsWith("_hex")) {
            if (!key.matches("([0-9a-fA-F]{2})+")) {
                throw OptionReader.invalid(option, "***", "pairs of hexadecimal digits");
            }
            return "encryption_key_hex=" + key;
        }
        // In digits any key passes, whatever its characters.
        return "encryption_key_hex=" + HexFormat.of().formatHex(key.getBytes(StandardCharsets.UTF_8));
    }

    private static boolean passable(String text) {
        return text.matches("[^\\s,;]+");
    }

    /** Options a driver does not know must be tolerated; one that differs in case only is worth a warning. */
    private static void warnAboutMisspelled(ConnectionFactoryOptions options) {
        for (Option<?> known : DecentDbOptions.OWN) {
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
