package com.decentdb.r2dbc.cluster;

import com.decentdb.r2dbc.api.DecentDbOptions;
import com.decentdb.r2dbc.api.cluster.ClusterOptions;
import com.decentdb.r2dbc.api.cluster.NodeStore;
import com.decentdb.r2dbc.cluster.channel.Tls;
import com.decentdb.r2dbc.cluster.leader.AddressMap;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.leader.RedirectPolicy;
import com.decentdb.r2dbc.cluster.line.ServerFeatures;
import com.decentdb.r2dbc.cluster.wire.Requests;
import com.decentdb.r2dbc.settings.OptionReader;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Waits;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.io.File;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the options of a factory that concern a cluster, and refuses those that concern the engine in this process. */
final class ConfigReader {

    private static final int SMALLEST_FRAME = 4096;
    private static final int MAX_FRAME = 64 << 20;

    private static final List<Option<?>> OF_THE_ENGINE = List.of(
            DecentDbOptions.NATIVE_LIBRARY,
            DecentDbOptions.MODE,
            DecentDbOptions.WRITE_QUEUE_CAPACITY,
            DecentDbOptions.STATEMENT_CACHE_SIZE,
            DecentDbOptions.LINGER,
            DecentDbOptions.CHECKPOINT_IDLE);

    /** Whether the names in certificates are checked. */
    private enum SslMode {
        VERIFY_FULL,
        VERIFY_CA
    }

    private final ConnectionFactoryOptions options;
    private final OptionReader reader;

    ConfigReader(ConnectionFactoryOptions options) {
        this.options = options;
        this.reader = new OptionReader(options);
    }

    /**
     * Reads and checks the options; touches no file but those of TLS.
     *
     * @throws io.r2dbc.spi.R2dbcNonTransientResourceException if one is missing or wrong; the message names it
     */
    ClusterConfig read() {
        refuseOthers();
        NodeStore store = store();
        return new ClusterConfig(
                database(),
                seeds(store != null),
                store,
                writesStore(store),
                parsed(ClusterOptions.ADDRESS_MAP, AddressMap::parse, AddressMap.NONE),
                parsed(ClusterOptions.REDIRECT_TO, RedirectPolicy::parse, RedirectPolicy.ANY),
                tls(),
                times(),
                reader.integer(DecentDbOptions.MAX_READERS, 8, 1),
                reader.integer(DecentDbOptions.MAX_PINNED_CONNECTIONS, 16, 0),
                reader.integer(DecentDbOptions.MAX_PENDING_WRITES, 65_536, 1),
                reader.flag(ClusterOptions.GROUP_COMMIT, true),
                reader.integer(ClusterOptions.MAX_FRAME_SIZE, MAX_FRAME, SMALLEST_FRAME),
                serverVersion());
    }

    private void refuseOthers() {
        for (Option<?> option : OF_THE_ENGINE) {
            reader.refuse(option.name(), "is an option of the engine in this process, and a cluster has none");
        }
        for (String name : DecentDbOptions.ENGINE_OPTIONS) {
            reader.refuse(name, "is an option of the engine in this process, and a cluster has none");
        }
        for (Option<?> key : DecentDbOptions.KEYS) {
            reader.refuse(key.name(), "is a key of a database file, and a dqlite cluster encrypts none");
        }
        reader.refuse(
                ConnectionFactoryOptions.USER.name(),
                "cannot be given: dqlite has no users; a cluster checks certificates");
        reader.refuse(
                ConnectionFactoryOptions.PASSWORD.name(),
                "cannot be given: dqlite has no users; a cluster checks certificates");
    }

    private String database() {
        String name = reader.text(ConnectionFactoryOptions.DATABASE);
        if (name == null || name.isBlank()) {
            throw Errors.of(
                    "08001",
                    "Option 'database' is missing: name the database, as in r2dbc:decentdb:dqlite://db1:9001/app",
                    null);
        }
        try {
            // The request is sent later, but a wrong name is to be refused now.
            var unused = Requests.open(name);
        } catch (IllegalArgumentException e) {
            throw Errors.of("08001", "Option 'database' cannot be taken: " + e.getMessage(), 0, null, e);
        }
        return name;
    }

    private List<NodeAddress> seeds(boolean others) {
        String hosts = reader.text(ConnectionFactoryOptions.HOST);
        String port = reader.text(ConnectionFactoryOptions.PORT);
        if (hosts == null || hosts.isBlank()) {
            if (others) {
                return List.of();
            }
            throw Errors.of(
                    "08001",
                    "Option 'host' is missing: name one or more nodes, as in"
                            + " r2dbc:decentdb:dqlite://db1:9001,db2:9001/app, or a file of them with nodeStore",
                    null);
        }
        try {
            // Brackets of IPv6 numbers in a list arrive encoded: R2DBC's parser takes none there.
            String decoded = hosts.indexOf('%') < 0 ? hosts : URLDecoder.decode(hosts, StandardCharsets.UTF_8);
            boolean alone = port != null && decoded.indexOf(',') < 0;
            return Stream.of(decoded.split(",", -1))
                    .map(host -> NodeAddress.parse(alone ? bracketed(host) + ":" + port : host))
                    .toList();
        } catch (IllegalArgumentException e) {
            throw Errors.of(
                    "08001", "Option 'host' names a node that cannot be dialled: " + e.getMessage(), 0, null, e);
        }
    }

    /** An IPv6 number in front of a port. */
    private static String bracketed(String host) {
        return host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
    }

    private @Nullable NodeStore store() {
        Object given = options.getValue(ClusterOptions.NODE_STORE);
        if (given instanceof NodeStore store) {
            return store;
        }
        String path = reader.text(ClusterOptions.NODE_STORE);
        if (path == null) {
            return null;
        }
        if (path.isBlank()) {
            throw OptionReader.invalid(ClusterOptions.NODE_STORE, path, "the path of a YAML file, or a NodeStore");
        }
        try {
            return NodeStore.yaml(Path.of(path));
        } catch (InvalidPathException e) {
            throw OptionReader.invalid(
                    ClusterOptions.NODE_STORE, path, "a path of this platform (" + e.getReason() + ")");
        }
    }

    private boolean writesStore(@Nullable NodeStore store) {
        boolean writes = reader.flag(ClusterOptions.NODE_STORE_WRITE, false);
        if (writes && store == null) {
            throw OptionReader.invalid(ClusterOptions.NODE_STORE_WRITE, "true", "absent without nodeStore");
        }
        return writes;
    }

    private <T> T parsed(Option<String> option, Function<String, T> parser, T fallback) {
        String text = reader.text(option);
        if (text == null) {
            return fallback;
        }
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw Errors.of(
                    "08001",
                    "Option '" + option.name() + "' has the value '" + Errors.shorten(text) + "': " + e.getMessage(),
                    0,
                    null,
                    e);
        }
    }

    private @Nullable Tls tls() {
        boolean encrypted = reader.flag(ConnectionFactoryOptions.SSL, false);
        for (Option<?> option : ClusterOptions.ALL) {
            if (!encrypted && option.name().startsWith("ssl") && options.hasOption(option)) {
                throw Errors.of(
                        "08001",
                        "Option '" + option.name() + "' is about TLS: begin the URL with r2dbcs: instead of r2dbc:",
                        null);
            }
        }
        if (!encrypted) {
            return null;
        }
        SslMode mode = reader.constant(
                ClusterOptions.SSL_MODE,
                SslMode.class,
                SslMode.VERIFY_FULL,
                "verify-full or verify-ca; connections are always verified");
        File cert = file(ClusterOptions.SSL_CERT);
        File key = file(ClusterOptions.SSL_KEY);
        if ((cert == null) != (key == null)) {
            throw Errors.of("08001", "Options 'sslCert' and 'sslKey' go together: one of them is missing", null);
        }
        return Tls.of(
                file(ClusterOptions.SSL_ROOT_CERT),
                cert,
                key,
                reader.text(ClusterOptions.SSL_KEY_PASSWORD),
                reader.text(ClusterOptions.SSL_SERVER_NAME),
                mode == SslMode.VERIFY_FULL);
    }

    private @Nullable File file(Option<String> option) {
        String path = reader.text(option);
        return path == null ? null : new File(path);
    }

    private ClusterConfig.Times times() {
        return new ClusterConfig.Times(
                positive(ClusterOptions.FAILOVER_TIMEOUT, Duration.ofSeconds(15)),
                orUnlimited(reader.duration(ConnectionFactoryOptions.CONNECT_TIMEOUT, Duration.ofSeconds(5))),
                positive(ClusterOptions.PROBE_TIMEOUT, Duration.ofSeconds(2)),
                orUnlimited(reader.duration(ConnectionFactoryOptions.STATEMENT_TIMEOUT, Duration.ofSeconds(30))),
                reader.duration(ClusterOptions.VALIDATE_AFTER_IDLE, Duration.ofSeconds(10)),
                reader.duration(ClusterOptions.TOPOLOGY_REFRESH, Duration.ofMinutes(1)),
                positive(ClusterOptions.WATCH_INTERVAL, Duration.ofMillis(100)));
    }

    private static Duration orUnlimited(Duration timeout) {
        return timeout.isZero() ? Waits.UNLIMITED : timeout;
    }

    private Duration positive(Option<Duration> option, Duration fallback) {
        Duration duration = reader.duration(option, fallback);
        if (duration.isZero()) {
            throw OptionReader.invalid(option, duration, "a duration that is not zero");
        }
        return duration;
    }

    private String serverVersion() {
        String version = reader.text(ClusterOptions.SERVER_VERSION);
        if (version == null) {
            return "auto";
        }
        if (!ServerFeatures.isVersion(version)) {
            throw OptionReader.invalid(ClusterOptions.SERVER_VERSION, version, "auto, or a version such as 1.18.6");
        }
        return version;
    }
}
