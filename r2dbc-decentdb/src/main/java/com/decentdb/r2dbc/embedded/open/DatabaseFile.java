package com.decentdb.r2dbc.embedded.open;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.embedded.engine.EngineTraits;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.embedded.lane.FileGuard;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/** The file of an open database, or its place in memory: opens its handles, and says why one could not be opened. Thread-safe. */
final class DatabaseFile {

    private static final Logger LOG = Loggers.getLogger(DatabaseFile.class);
    /** A log of more bytes does not keep its space. */
    private static final long LONG_LOG = 32L << 20;

    private static final String CANNOT_OPEN = "Cannot open the database ";

    private static final Reason NOTHING_TO_OPEN =
            new Reason(": it does not exist, and mode=open creates nothing", "use mode=openOrCreate");

    /** Why a file could not be opened, and what helps. */
    private record Reason(String text, String hint) {}

    private final EmbeddedConfig config;
    private final NativeLibrary library;
    private final FileGuard guard;
    private final String nativePath;
    private volatile boolean created;
    private volatile @Nullable Object identity;

    /**
     * A file not opened yet.
     *
     * @param guard keeps other processes from it while a handle is opened
     */
    DatabaseFile(EmbeddedConfig config, NativeLibrary library, FileGuard guard) {
        this.config = config;
        this.library = library;
        this.guard = guard;
        this.nativePath = config.path() == null ? ":memory:" : config.path().toString();
    }

    String nativePath() {
        return nativePath;
    }

    /**
     * Moves the log into the file.
     *
     * @param reuse whether the log keeps its space: a commit that extends a file takes about twice as long as one that does not
     */
    void moveLog(NativeDatabase handle, boolean reuse) {
        if (reuse && logBytes() <= LONG_LOG) {
            handle.execute("PRAGMA wal_checkpoint(PASSIVE)", Parameters.of(0)).close();
        } else {
            handle.checkpoint();
        }
    }

    private long logBytes() {
        try {
            return Files.size(Path.of(nativePath + "-wal"));
        } catch (IOException e) {
            return 0;
        }
    }

    /** Creates the folders of the file if its configuration says so; before {@link #canonical}, which depends on them. */
    static void createDirectories(EmbeddedConfig config) {
        Path path = config.path();
        Path directory = path == null ? null : path.toAbsolutePath().getParent();
        if (directory == null || !config.createDirectories() || config.mode() == EmbeddedConfig.Mode.OPEN) {
            return;
        }
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            // The JDK's message of such an exception is a name alone.
            throw Errors.withHint(
                    "58030",
                    CANNOT_OPEN + config.described() + ": its folder cannot be created: " + e,
                    "let this user create " + directory + ", or create it",
                    0,
                    e);
        }
    }

    /** The real path of a file, or of its directory while the file does not exist; names a file once. */
    static Path canonical(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        try {
            return absolute.toRealPath();
        } catch (IOException notThere) {
            Path directory = absolute.getParent();
            Path name = absolute.getFileName();
            try {
                return directory == null || name == null
                        ? absolute
                        : directory.toRealPath().resolve(name);
            } catch (IOException noDirectory) {
                return absolute;
            }
        }
    }

    /** The identity of a file, which one created later under its name does not share; null if there is none or the system has none. */
    static @Nullable Object identity(@Nullable Path path) {
        try {
            return path == null
                    ? null
                    : Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /**
     * Whether the path leads to another file now than the open one. A handle opened on that would take the log of the open file
     * for its own.
     *
     * @param found the identity of the file that is there
     */
    boolean hasLost(@Nullable Object found) {
        Object opened = identity;
        return opened != null && !opened.equals(found);
    }

    /** The error of using a database whose file is not there any more. */
    R2dbcException lost() {
        return Errors.of(
                "58030",
                "The database file " + nativePath
                        + " was deleted, renamed or replaced while it was open. Nothing was written"
                        + " to the file that is there now. Close all connections to the database, remove " + nativePath
                        + "-wal and " + nativePath + "-shm, which belong to the old file, and open it anew",
                null);
    }

    /** Opens a handle; only the first one may create the file. */
    NativeDatabase open(String options) {
        if (config.inMemory() && config.mode() == EmbeddedConfig.Mode.OPEN) {
            // Others that have it open would have been joined.
            throw Errors.withHint(
                    "58P01", CANNOT_OPEN + config.described() + NOTHING_TO_OPEN.text, NOTHING_TO_OPEN.hint, 0, null);
        }
        OpenMode mode = config.inMemory()
                ? OpenMode.OPEN_OR_CREATE
                : created ? OpenMode.OPEN : OpenMode.valueOf(config.mode().name());
        if (hasLost(identity(config.path()))) {
            throw lost();
        }
        try {
            NativeDatabase opened = guard.opening(() -> open(mode, options));
            if (!created) {
                identify(opened);
            }
            return opened;
        } catch (RuntimeException e) {
            throw explain(e);
        }
    }

    /** Remembers which file was opened, by the first handle; one that nobody gets to know must not stay open. */
    private void identify(NativeDatabase opened) {
        try {
            identity = identity(config.path());
            created = true;
        } catch (Throwable e) {
            opened.close();
            throw e;
        }
    }

    /** A process that creates, recovers or closes the file is waited for longer than one that writes. */
    @SuppressWarnings("try") // The first handle is open while the second one opens.
    private NativeDatabase open(OpenMode mode, String options) {
        String patient = config.engineOptions();
        try {
            return library.open(nativePath, mode, options);
        } catch (NativeException e) {
            if (options.equals(patient) || !EngineTraits.lockedElsewhere(e)) {
                throw e;
            }
            NativeDatabase first = library.open(nativePath, mode, patient);
            try {
                return library.open(nativePath, OpenMode.OPEN, options);
            } finally {
                first.close();
            }
        }
    }

    /** The file may be deleted and created anew from now on, and an engine may remember the old one by its path. */
    void forget() {
        try {
            if (!config.inMemory()) {
                library.evictSharedWal(nativePath);
            }
        } catch (Throwable e) {
            LOG.warn("The engine did not let go of the file", e);
        }
    }

    /** Names the database that could not be opened, and the reason as far as the error or the file system shows one. */
    private RuntimeException explain(RuntimeException e) {
        if (!(e instanceof NativeException refusal)) {
            return e;
        }
        R2dbcException mapped = NativeErrors.map(e, null);
        String state = refusal.status() == Status.SQL ? "08001" : String.valueOf(mapped.getSqlState());
        Path path = config.path();
        // A refused option is the reason whatever the file system shows.
        Reason reason = path == null || refusal.status() == Status.SQL ? null : reason(state, path);
        String hint = refusal.hint();
        String text = config.withNameOfKey(String.valueOf(refusal.getMessage()));
        return reason == null
                ? Errors.withHint(
                        state,
                        CANNOT_OPEN + config.described() + ": " + text,
                        hint == null || hint.isEmpty() ? null : config.withNameOfKey(hint),
                        mapped.getErrorCode(),
                        e)
                : Errors.withHint(
                        state, CANNOT_OPEN + config.described() + reason.text, reason.hint, mapped.getErrorCode(), e);
    }

    /** As far as the error or the file system shows one; the engine's own words are the cause then. */
    private @Nullable Reason reason(String state, Path path) {
        Path directory = path.toAbsolutePath().getParent();
        if (state.equals(NativeErrors.WRONG_KEY)) {
            return new Reason(": its key is another one", "give the key with which it was created");
        } else if (state.equals(NativeErrors.KEY_MISMATCH)) {
            return config.hasKey()
                    ? new Reason(": it is not encrypted", "leave out the key that was given")
                    : new Reason(": it is encrypted", "give its key with the option password or encryption_key");
        } else if (directory != null && !Files.isDirectory(directory)) {
            return new Reason(
                    ": the directory " + directory + " does not exist",
                    "create it, or set the option createDirectories=true");
        } else if (Files.isDirectory(path)) {
            return new Reason(": it is a directory", "name a file");
        } else if (Files.exists(path) && !Files.isReadable(path)) {
            return new Reason(
                    ": the file is not readable for this user", "give this user the right to read and write it");
        } else if (!Files.exists(path) && config.mode() == EmbeddedConfig.Mode.OPEN) {
            return NOTHING_TO_OPEN;
        } else if (config.mode() == EmbeddedConfig.Mode.OPEN && path.toFile().length() == 0) {
            return new Reason(": it is empty, and mode=open creates nothing", "use mode=openOrCreate");
        } else if (!created && Files.exists(path) && config.mode() == EmbeddedConfig.Mode.CREATE) {
            return new Reason(": it exists already, and mode=create overwrites nothing", "use mode=openOrCreate");
        }
        return null;
    }
}
