package com.decentdb.importer.load;

import static java.util.Objects.requireNonNull;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.ImportOptions;
import com.decentdb.importer.plan.Engine;
import com.decentdb.r2dbc.api.DecentDbOptions;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The database that is filled. A new file is made beside its place and moved there when it is complete. In a database that
 * exists, or that is in memory, everything is one transaction.
 */
final class Target implements AutoCloseable {

    /** Files that engines leave beside a database. */
    private static final List<String> COMPANIONS =
            List.of("-wal", "-shm", ".wal", ".wal-idx", ".coord", ".sync-journal", ".r2dbc-lock");

    private final ConnectionFactoryOptions options;
    private final @Nullable Path file;
    private final @Nullable Path made;
    private @Nullable FileChannel lock;

    private Target(ConnectionFactoryOptions options, @Nullable Path file, @Nullable Path made) {
        this.options = options;
        this.file = file;
        this.made = made;
    }

    static Target of(String url, ImportOptions choices) {
        ConnectionFactoryOptions options = ConnectionFactoryOptions.parse(url);
        Object protocol = options.getValue(ConnectionFactoryOptions.PROTOCOL);
        if ("dqlite".equals(protocol)) {
            throw new ImportException(
                    "the target is a cluster, which imports do not support; import into a file, or write to the cluster with the driver");
        }
        boolean memory = "mem".equals(protocol);
        @Nullable Path file = memory ? null : file(options);
        if (choices.commitEvery() < 0) {
            throw new ImportException("--commit-every is " + choices.commitEvery()
                    + "; give the rows of a transaction, or 0 for one transaction");
        }
        if (choices.overwrite() && file == null) {
            throw new ImportException("--overwrite replaces a file, but the target is in memory; leave the option out");
        }
        boolean fresh = file != null && (choices.overwrite() || !Files.exists(file));
        if (fresh && "open".equals(options.getValue(DecentDbOptions.MODE)) && !Files.exists(file)) {
            throw new ImportException(
                    "there is no file " + file + ", and the option mode is 'open'; leave the option out");
        }
        if (!fresh && "create".equals(options.getValue(DecentDbOptions.MODE))) {
            throw new ImportException(
                    "the file " + file + " exists, and the option mode is 'create'; give --overwrite to replace it");
        }
        if (!fresh && choices.commitEvery() != ImportOptions.COMMIT_EVERY && choices.commitEvery() != 0) {
            throw new ImportException(
                    "--commit-every would leave half of an import in a database that exists; leave the option out,"
                            + " and everything is one transaction, or import into a new file");
        }
        return new Target(
                options, file, file != null && fresh ? file.resolveSibling(file.getFileName() + ".importing") : null);
    }

    private static boolean hasHost(ConnectionFactoryOptions options) {
        Object host = options.getValue(ConnectionFactoryOptions.HOST);
        return host != null && !host.toString().isEmpty();
    }

    private static Path file(ConnectionFactoryOptions options) {
        Object name = options.getValue(ConnectionFactoryOptions.DATABASE);
        if (name == null || name.toString().isBlank() || hasHost(options)) {
            throw new ImportException(
                    "the target names no file; write r2dbc:decentdb:////var/lib/app.ddb, with four slashes, or three for a relative path");
        }
        String text = name.toString();
        Path path = Path.of(text.startsWith("~/") ? System.getProperty("user.home") + text.substring(1) : text)
                .toAbsolutePath();
        Path folder = path.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new ImportException("the folder " + folder + " of the target does not exist; make it first");
        }
        if (Files.isDirectory(path)) {
            throw new ImportException("the target " + path + " is a folder; name a file in it");
        }
        return path;
    }

    /** Whether the database is made by this import. */
    boolean isFresh() {
        return made != null;
    }

    /** A database in memory of the same engine. */
    ConnectionFactoryOptions scratch() {
        ConnectionFactoryOptions.Builder scratch = ConnectionFactoryOptions.parse(
                        "r2dbc:decentdb:mem:///decentdb-import-" + UUID.randomUUID())
                .mutate();
        if (options.hasOption(DecentDbOptions.NATIVE_LIBRARY)) {
            scratch.option(
                    DecentDbOptions.NATIVE_LIBRARY, String.valueOf(options.getValue(DecentDbOptions.NATIVE_LIBRARY)));
        }
        return scratch.build();
    }

    /** The database to write to. For a file that is made, what an earlier import left there is removed, unless that still runs. */
    ConnectionFactoryOptions writing() {
        if (made == null) {
            return options;
        }
        lock();
        discard(made);
        return at(made).option(DecentDbOptions.MODE, "create").build();
    }

    private ConnectionFactoryOptions.Builder at(Path path) {
        return options.mutate()
                .option(ConnectionFactoryOptions.DATABASE, path.toString())
                .option(DecentDbOptions.LINGER, Duration.ZERO);
    }

    private static Path sibling(Path path, String suffix) {
        return path.resolveSibling(path.getFileName() + suffix);
    }

    private void lock() {
        Path made = requireNonNull(this.made);
        Path place = sibling(made, "-lock");
        try {
            while (true) {
                FileChannel channel = FileChannel.open(place, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                @Nullable FileLock taken;
                try {
                    taken = channel.tryLock();
                } catch (OverlappingFileLockException e) {
                    taken = null;
                }
                if (taken == null) {
                    channel.close();
                    throw new ImportException("another import into " + file + " is running");
                }
                // The import before may have removed the file between its opening and its lock.
                if (Files.exists(place)) {
                    lock = channel;
                    return;
                }
                channel.close();
            }
        } catch (IOException e) {
            throw new ImportException(0, "the folder of the target cannot be written: " + e, e);
        }
    }

    /** Puts the file, which is complete and closed, into its place. */
    void complete() {
        Path from = made;
        Path to = file;
        if (from == null || to == null) {
            return;
        }
        try {
            try (FileChannel written = FileChannel.open(from, StandardOpenOption.WRITE)) {
                written.force(true);
            }
            if (Files.exists(to)) {
                settle(to);
                companions(to);
                Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
            } else {
                Files.move(from, to);
            }
            try (FileChannel folder = FileChannel.open(requireNonNull(to.getParent()), StandardOpenOption.READ)) {
                folder.force(true);
            } catch (IOException e) {
                // Some systems cannot sync a folder; there the move is as durable as they make it.
            }
        } catch (IOException e) {
            throw new ImportException(0, "the new file cannot be moved to its place: " + e, e);
        }
    }

    /** The old file takes in what its log holds, so that it is whole until the moment it is replaced. */
    private void settle(Path old) {
        boolean logged = Files.exists(sibling(old, "-wal")) || Files.exists(sibling(old, ".wal"));
        if (!logged) {
            return;
        }
        try (Engine engine =
                new Engine(at(old).option(DecentDbOptions.MODE, "open").build())) {
            engine.connection().checkpoint().block();
        } catch (R2dbcException e) {
            throw new ImportException(
                    0,
                    "the file to replace has a log beside it and cannot be opened; remove both first: "
                            + e.getMessage(),
                    e);
        }
        if (Files.exists(sibling(old, "-wal"))) {
            throw new ImportException("the file to replace is open in another program; close it first");
        }
    }

    private static void companions(Path path) throws IOException {
        for (String suffix : COMPANIONS) {
            Files.deleteIfExists(sibling(path, suffix));
        }
    }

    private static void discard(Path path) {
        try {
            companions(path);
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new ImportException(0, "what an import left cannot be removed: " + e, e);
        }
    }

    /** Removes what was not completed. */
    @Override
    public void close() {
        FileChannel held = lock;
        Path unfinished = made;
        if (held == null || unfinished == null) {
            return;
        }
        lock = null;
        try {
            discard(unfinished);
            Files.deleteIfExists(sibling(unfinished, "-lock"));
        } catch (IOException e) {
            throw new ImportException(0, "the lock of the import cannot be removed: " + e, e);
        } finally {
            try {
                held.close();
            } catch (IOException e) {
                // The lock goes with the process at the latest.
            }
        }
    }
}
