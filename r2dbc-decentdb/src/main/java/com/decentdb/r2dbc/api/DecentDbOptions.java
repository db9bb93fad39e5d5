package com.decentdb.r2dbc.api;

import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.List;

/**
 * The options of the driver beside those of R2DBC. Each may be given as its own type, or as text as it appears in a URL:
 * durations as ISO-8601 ({@code PT5S}) or milliseconds, booleans as {@code true}, {@code false}, {@code 1} or {@code 0}.
 *
 * <p>The options of the engine ({@code profile}, {@code cache_size}, {@code synchronous}, ..) are accepted by their own
 * names, see {@link #ENGINE_OPTIONS}. Never put a key or password in a URL: it would be shown wherever the URL is.
 */
public final class DecentDbOptions {

    /** The native library to load instead of the bundled one; a path. */
    public static final Option<String> NATIVE_LIBRARY = Option.valueOf("nativeLibrary");

    /**
     * {@code create}, {@code open} or {@code openOrCreate}, the default. A database in memory exists while it is open in this
     * JVM: {@code open} joins its users and {@code create} refuses to.
     */
    public static final Option<String> MODE = Option.valueOf("mode");

    /**
     * Whether the folders of the database file are created if they are missing, unless the mode is {@code open}; {@code false}. They get
     * the permissions that the system gives to new folders.
     */
    public static final Option<Boolean> CREATE_DIRECTORIES = Option.valueOf("createDirectories");

    /**
     * How many statements may read at once; by default twice the processors, at most 4. Results and read-only transactions
     * that wait for their user do not count, up to 32 of them or this number, whichever is more.
     */
    public static final Option<Integer> MAX_READERS = Option.valueOf("maxReaders");

    /**
     * How many connections may keep session state, such as {@code TEMP} tables, each on a native handle and thread of its
     * own; one more is refused. 16 by default.
     */
    public static final Option<Integer> MAX_PINNED_CONNECTIONS = Option.valueOf("maxPinnedConnections");

    /** How many rows are read at once unless a statement says otherwise; 256 by default. */
    public static final Option<Integer> FETCH_SIZE = Option.valueOf("fetchSize");

    /** Whether inserts, updates and deletes outside transactions use the write queue; {@code false}. */
    public static final Option<Boolean> WRITE_QUEUE_ENABLED = Option.valueOf("writeQueueEnabled");

    /** How many queued writes may wait; one more fails. 1024 by default. */
    public static final Option<Integer> WRITE_QUEUE_CAPACITY = Option.valueOf("writeQueueCapacity");

    /**
     * After which time without a statement an open transaction is rolled back, so that one that was forgotten does not hold the
     * write lock for ever; zero, the default of single connections, means never. {@code DecentDb.createPool} sets one minute unless
     * the options say otherwise. The next use of such a transaction fails with SQLSTATE 25P03.
     */
    public static final Option<Duration> IDLE_TRANSACTION_TIMEOUT = Option.valueOf("idleTransactionTimeout");

    /** How long a queued write may wait to be started; zero, the default, means without limit. */
    public static final Option<Duration> WRITE_QUEUE_DEFAULT_TIMEOUT = Option.valueOf("writeQueueDefaultTimeout");

    /** How many writes outside transactions and the queue may wait; one more fails. 65536 by default. */
    public static final Option<Integer> MAX_PENDING_WRITES = Option.valueOf("maxPendingWrites");

    /** How many prepared statements each native handle keeps; 256 by default. */
    public static final Option<Integer> STATEMENT_CACHE_SIZE = Option.valueOf("statementCacheSize");

    /** How long a database file stays open after a connection that is its last one; one second by default. */
    public static final Option<Duration> LINGER = Option.valueOf("linger");

    /** How long after the last write the log is moved into the database file; 5 seconds, zero means never. */
    public static final Option<Duration> CHECKPOINT_IDLE = Option.valueOf("checkpointIdle");

    /**
     * How SQL text names its parameters: {@code native} for {@code $1}, {@code $2}, .., the default; {@code jdbc} for
     * {@code ?}, where {@code ??} stands for a question mark of the SQL; {@code named} for {@code :name}, where a colon of
     * the SQL before a word needs a blank in between. {@code $n} is understood in any case, but not mixed with the others.
     */
    public static final Option<String> PARAMETER_STYLE = Option.valueOf("parameterStyle");

    /**
     * The key of an encrypted database, as text; the same as R2DBC's {@code PASSWORD}. Like any option it may be given as a
     * {@link java.util.function.Supplier}, which is asked once, when the factory is created.
     */
    public static final Option<CharSequence> ENCRYPTION_KEY = Option.sensitiveValueOf("encryption_key");

    /** The key of an encrypted database, in hexadecimal digits. */
    public static final Option<CharSequence> ENCRYPTION_KEY_HEX = Option.sensitiveValueOf("encryption_key_hex");

    /** Other names of the same, by which the engine knows them, too. */
    public static final List<Option<CharSequence>> KEYS = List.of(
            ENCRYPTION_KEY,
            ENCRYPTION_KEY_HEX,
            Option.sensitiveValueOf("tde_key"),
            Option.sensitiveValueOf("tde_key_hex"));

    /** The names of the engine's options, which are passed on as they are; beside them those of keys. */
    public static final List<String> ENGINE_OPTIONS = List.of(
            "profile",
            "performance_profile",
            "cache_size",
            "cache_size_mb",
            "paged_row_storage",
            "retain_paged_row_sources_after_commit",
            "persistent_pk_index",
            "wal_autocheckpoint",
            "wal_checkpoint_threshold_pages",
            "wal_checkpoint_threshold_bytes",
            "wal_sync_mode",
            "synchronous",
            "process_coordination",
            "process_coordination_timeout_ms",
            "write_queue_strict_group_commit",
            "write_queue_group_commit",
            "write_queue_max_batch",
            "write_queue_max_group_delay_us",
            "allow_extension",
            "allow_unsigned_extensions",
            "enforce_declared_sizes",
            "plan_cache_enabled",
            "plan_cache_max_bytes");

    /** The options of the driver itself. */
    public static final List<Option<?>> OWN = List.of(
            NATIVE_LIBRARY,
            MODE,
            CREATE_DIRECTORIES,
            MAX_READERS,
            MAX_PINNED_CONNECTIONS,
            FETCH_SIZE,
            WRITE_QUEUE_ENABLED,
            WRITE_QUEUE_CAPACITY,
            IDLE_TRANSACTION_TIMEOUT,
            WRITE_QUEUE_DEFAULT_TIMEOUT,
            MAX_PENDING_WRITES,
            STATEMENT_CACHE_SIZE,
            LINGER,
            CHECKPOINT_IDLE,
            PARAMETER_STYLE);

    private DecentDbOptions() {}
}
