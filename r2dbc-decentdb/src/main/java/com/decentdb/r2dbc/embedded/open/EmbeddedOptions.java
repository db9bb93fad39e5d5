package com.decentdb.r2dbc.embedded.open;

import com.decentdb.r2dbc.api.DecentDbOptions;
import com.decentdb.r2dbc.api.cluster.ClusterOptions;
import com.decentdb.r2dbc.settings.OptionReader;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Reads the options of a factory that concern the engine in this process: database, lanes, engine options and keys. */
public final class EmbeddedOptions {

    private static final AtomicLong UNNAMED = new AtomicLong();

    private EmbeddedOptions() {}

    /**
     * Reads and checks the options; touches neither file nor engine.
     *
     * @throws io.r2dbc.spi.R2dbcNonTransientResourceException if one is missing or wrong; the message names it
     */
    public static EmbeddedConfig of(ConnectionFactoryOptions options) {
        OptionReader reader = new OptionReader(options);
        refuseOthers(reader);
        String memoryName = memoryName(options, reader);
        Path path = memoryName == null ? path(reader) : null;
        String library = reader.text(DecentDbOptions.NATIVE_LIBRARY);
        return new EmbeddedConfig(
                path,
                memoryName == null ? String.valueOf(path) : memoryName,
                library == null ? null : toPath(DecentDbOptions.NATIVE_LIBRARY, library),
                reader.constant(
                        DecentDbOptions.MODE,
                        EmbeddedConfig.Mode.class,
                        EmbeddedConfig.Mode.OPEN_OR_CREATE,
                        "create, open or openOrCreate"),
                reader.flag(DecentDbOptions.CREATE_DIRECTORIES, false),
                engineOptions(reader),
                reader.integer(
                        DecentDbOptions.MAX_READERS,
                        Math.min(4, 2 * Runtime.getRuntime().availableProcessors()),
                        1),
                reader.integer(DecentDbOptions.MAX_PINNED_CONNECTIONS, 16, 0),
                reader.integer(DecentDbOptions.WRITE_QUEUE_CAPACITY, 1024, 1),
                reader.integer(DecentDbOptions.MAX_PENDING_WRITES, 65_536, 1),
                reader.integer(DecentDbOptions.STATEMENT_CACHE_SIZE, 256, 0),
                reader.duration(DecentDbOptions.LINGER, Duration.ofSeconds(1)),
                reader.duration(DecentDbOptions.CHECKPOINT_IDLE, Duration.ofSeconds(5)),
                given(options));
    }

    private static void refuseOthers(OptionReader reader) {
        for (Option<?> option : ClusterOptions.ALL) {
            reader.refuse(
                    option.name(),
                    "is an option of a cluster, r2dbc:decentdb:dqlite://.., and this database is in this process");
        }
        if (reader.flag(ConnectionFactoryOptions.SSL, false)) {
            throw OptionReader.invalid(
                    ConnectionFactoryOptions.SSL,
                    "true",
                    "absent, as in r2dbc:decentdb:.. rather than r2dbcs:: this database is in this process, and nothing is sent");
        }
    }

    /** The names of this driver's options that are there. In loops: a JVM would have to make each lambda of a pipeline. */
    private static Set<String> given(ConnectionFactoryOptions options) {
        List<Option<?>> own = new ArrayList<>(DecentDbOptions.OWN);
        own.addAll(DecentDbOptions.KEYS);
        own.add(ConnectionFactoryOptions.PASSWORD);
        Set<String> names = new HashSet<>();
        for (Option<?> option : own) {
            if (options.hasOption(option)) {
                names.add(option.name());
            }
        }
        return Set.copyOf(names);
    }

    private static @Nullable String memoryName(ConnectionFactoryOptions options, OptionReader reader) {
        String protocol = reader.text(ConnectionFactoryOptions.PROTOCOL);
        String host = reader.text(ConnectionFactoryOptions.HOST);
        String name = reader.text(ConnectionFactoryOptions.DATABASE);
        boolean memory = "mem".equals(protocol);
        if (host != null && !host.isEmpty() && !(memory && name == null)) {
            String tail = "///" + host + "/" + (name == null ? "" : name);
            throw Errors.of(
                    "08001",
                    "r2dbc:decentdb:" + (protocol == null || protocol.isEmpty() ? "" : protocol + ":") + "//" + host
                            + "/.. names the host '" + host
                            + "', but DecentDB runs inside the application and has none. "
                            + (memory
                                    ? "Write three slashes, r2dbc:decentdb:mem:" + tail
                                    : "Write four slashes for an absolute path (r2dbc:decentdb:////var/lib/app.ddb), three"
                                            + " for a relative one (r2dbc:decentdb:" + tail + "), or"
                                            + " r2dbc:decentdb:mem:///name for a database in memory"),
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
        // The path of a file's URI begins with a slash on Windows, too, where no path has one before its drive.
        boolean drive = File.separatorChar == '\\' && expanded.matches("/[A-Za-z]:.*");
        return toPath(ConnectionFactoryOptions.DATABASE, drive ? expanded.substring(1) : expanded);
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
            return EmbeddedConfig.ENGINE_KEY + "=" + key;
        }
        // In digits any key passes, whatever its characters.
        return EmbeddedConfig.ENGINE_KEY + "=" + HexFormat.of().formatHex(key.getBytes(StandardCharsets.UTF_8));
    }

    private static boolean passable(String text) {
        return text.matches("[^\\s,;]+");
    }
}
