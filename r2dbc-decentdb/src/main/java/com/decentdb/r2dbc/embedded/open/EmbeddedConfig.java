package com.decentdb.r2dbc.embedded.open;

import com.decentdb.r2dbc.api.DecentDbOptions;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How to open a database with the embedded engine.
 *
 * @param path the database file, null for a database in memory
 * @param name the name of a database in memory, or the path as the user wrote it
 * @param nativeLibrary the library to load, null to look for it
 * @param mode whether the file may or must exist; a database in memory exists while it is open
 * @param createDirectories whether missing folders of the file are created with it
 * @param engineOptions options for the engine as {@code key=value;..}
 * @param maxReaders how many lanes may read at once
 * @param maxPinned how many connections may have a native handle of their own
 * @param queueCapacity how many queued writes may wait
 * @param maxPendingWrites how many other writes may wait
 * @param statementCacheSize how many prepared statements a lane keeps
 * @param linger how long the database stays open after a connection of this configuration that is its last one
 * @param checkpointIdle how long after the last write the log is moved into the database file
 * @param given the names of the options the user set, among these and those of keys; the others have their defaults and are
 *     no demand
 */
public record EmbeddedConfig(
        @Nullable Path path,
        String name,
        @Nullable Path nativeLibrary,
        Mode mode,
        boolean createDirectories,
        String engineOptions,
        int maxReaders,
        int maxPinned,
        int queueCapacity,
        int maxPendingWrites,
        int statementCacheSize,
        Duration linger,
        Duration checkpointIdle,
        Set<String> given) {

    /** The engine's name for a key in digits, as which every key is passed on. */
    static final String ENGINE_KEY = DecentDbOptions.ENCRYPTION_KEY_HEX.name();

    /** How long one call of the engine waits for another process that writes, before others have their turn on the lane. */
    private static final String LOCK_TRY = "process_coordination_timeout_ms";

    private static final int LOCK_TRY_MILLIS = 20;

    private static final List<String> KEY_OPTIONS = Stream.concat(
                    DecentDbOptions.KEYS.stream(), Stream.of(ConnectionFactoryOptions.PASSWORD))
            .map(Option::name)
            .toList();

    /** Whether the file may or must exist. */
    public enum Mode {
        /** Nothing: the database is created. */
        CREATE,
        /** A database. */
        OPEN,
        /** Either. */
        OPEN_OR_CREATE
    }

    /** Whether the database lives in memory. */
    public boolean inMemory() {
        return path == null;
    }

    /** The database in messages. */
    String described() {
        return path == null ? "in memory '" + Errors.shorten(name) + "'" : path.toString();
    }

    /** A message of the engine, which is given any key under one name, with the name by which the user gave it. */
    String withNameOfKey(String message) {
        return KEY_OPTIONS.stream()
                .filter(given::contains)
                .findFirst()
                .map(option -> message.replace(ENGINE_KEY, option))
                .orElse(message);
    }

    /** Whether the user gave a key. */
    boolean hasKey() {
        return KEY_OPTIONS.stream().anyMatch(given::contains);
    }

    /** The database alone: the engine's options may hold a key. */
    @Override
    public String toString() {
        return "EmbeddedConfig[" + name + "]";
    }

    /** The options of a handle that writes. A value that the user gave is kept. */
    String engineOptionsOfWriter() {
        return engineOptions.contains(LOCK_TRY)
                ? engineOptions
                : engineOptions + (engineOptions.isEmpty() ? "" : ";") + LOCK_TRY + "=" + LOCK_TRY_MILLIS;
    }

    /** The same at another path. */
    EmbeddedConfig at(Path canonical) {
        return new EmbeddedConfig(
                canonical,
                name,
                nativeLibrary,
                mode,
                createDirectories,
                engineOptions,
                maxReaders,
                maxPinned,
                queueCapacity,
                maxPendingWrites,
                statementCacheSize,
                linger,
                checkpointIdle,
                given);
    }

    /** Whether other processes may have the file open, too. */
    boolean othersMayOpenIt() {
        return !inMemory() && !engineOptions.matches("(?i).*process_coordination=(single_process_unsafe|off)\\b.*");
    }

    /**
     * Why a request for this configuration cannot share a database opened with a different one: the first option that was
     * demanded and is not in force, with both values. Null if it can.
     */
    @Nullable
    String conflictWith(EmbeddedConfig open) {
        Map<String, Object> inForce = open.sharedOptions();
        for (Map.Entry<String, Object> option : sharedOptions().entrySet()) {
            Object other = inForce.get(option.getKey());
            if (given.contains(option.getKey()) && !option.getValue().equals(other)) {
                return option.getKey() + "=" + other + " instead of " + option.getKey() + "=" + option.getValue();
            }
        }
        return engineOptions.equals(open.engineOptions)
                ? null
                : "the engine options '" + open.publicOptions() + "' instead of '" + publicOptions() + "'";
    }

    /** The options of a database as a whole, under the names users know. */
    private Map<String, Object> sharedOptions() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("maxReaders", maxReaders);
        options.put("maxPinnedConnections", maxPinned);
        options.put("writeQueueCapacity", queueCapacity);
        options.put("maxPendingWrites", maxPendingWrites);
        options.put("statementCacheSize", statementCacheSize);
        options.put("checkpointIdle", checkpointIdle);
        return options;
    }

    private String publicOptions() {
        return withNameOfKey(engineOptions.replaceAll(ENGINE_KEY + "=[^;]*", ENGINE_KEY + "=***"));
    }
}
