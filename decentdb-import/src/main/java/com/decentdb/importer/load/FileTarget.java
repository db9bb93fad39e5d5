package com.decentdb.importer.load;

import static java.util.Objects.requireNonNull;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.ImportOptions;
import com.decentdb.importer.plan.Engine;
import com.decentdb.importer.source.Source.ExistingTable;
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
import org.jspecify.annotations.Nullable;

/** A new file. It is made beside its place, where nobody sees it, and moved there when it is complete. */
final class FileTarget implements Target {

    /** Files that engines leave beside a database. */
    private static final List<String> COMPANIONS =
            List.of("-wal", "-shm", ".wal", ".wal-idx", ".coord", ".sync-journal", ".r2dbc-lock");

    private static final int COMMIT_EVERY = 50_000;

    private final ConnectionFactoryOptions options;
    private final Path file;
    private final Path made;
    private final int commitEvery;
    private @Nullable FileChannel lock;

    FileTarget(ConnectionFactoryOptions options, Path file, int commitEvery) {
        this.options = options;
        this.file = file;
        this.made = file.resolveSibling(file.getFileName() + ".importing");
        this.commitEvery = commitEvery == ImportOptions.BY_TARGET ? COMMIT_EVERY : commitEvery;
    }

    @Override
    public Engine trial() {
        return Target.memory(options);
    }

    /** Removes what an earlier import left beside the file, unless that still runs. */
    @Override
    public Engine open() {
        lock();
        discard(made);
        return new Engine(at(made).option(DecentDbOptions.MODE, "create").build());
    }

    @Override
    public int commitEvery() {
        return commitEvery;
    }

    @Override
    public boolean isHidden() {
        return true;
    }

    @Override
    public boolean replacesTables() {
        return false;
    }

    @Override
    public boolean isCluster() {
        return false;
    }

    @Override
    public @Nullable ExistingTable existing(String table) {
        return null;
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

    @Override
    public void complete() {
        Path from = made;
        Path to = file;
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
        if (held == null) {
            return;
        }
        lock = null;
        try {
            discard(made);
            Files.deleteIfExists(sibling(made, "-lock"));
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
