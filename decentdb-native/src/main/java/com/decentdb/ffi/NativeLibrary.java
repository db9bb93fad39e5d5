package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The native library of this JVM, loaded once. The first of these places that names a library is used: the file that
 * the caller requests, the system property {@value LibraryLocator#PROPERTY}, the environment variables
 * {@value LibraryLocator#PATH_VARIABLE} and {@value LibraryLocator#VARIABLE} (the latter only if the file has the C
 * ABI, since other bindings name a different file there), the library in the jar, the system's library path.
 *
 * <p>The library in the jar is that of this platform: of {@code os.name}, {@code os.arch} and, on Linux, the C library
 * of the JVM. It may be in any jar of this version that the class loader of this class finds. It is unpacked once per
 * user and content, to {@code <cache>/decentdb/<version>-<SHA-256>/}. The cache is the folder named by the system property
 * {@value EngineCache#PROPERTY}, or the first usable one of {@code $XDG_CACHE_HOME} or {@code ~/.cache}, the folder of
 * {@code jna.tmpdir}, and {@code decentdb-<user>} in {@code java.io.tmpdir}. It must belong to this user alone and allow
 * executable files. Class loaders of one JVM thereby share one engine.
 */
public final class NativeLibrary {

    /**
     * The stack that a thread needs to run SQL from others safely, in bytes. Engines parse by recursion: a statement of
     * thousands of nested operators overflows an ordinary stack inside native code, which ends the JVM. The system only
     * reserves the memory until the thread uses it.
     */
    public static final long THREAD_STACK_BYTES = 64L << 20;

    private static final System.Logger LOGGER = System.getLogger(NativeLibrary.class.getName());

    private static @Nullable NativeLibrary loaded;

    private final Source source;
    private final Path path;
    private final int abiVersion;
    private final String version;
    private final @Nullable String sourceDigest;

    private NativeLibrary(LibraryLocator.Located located) {
        this.source = located.source();
        this.path = located.library().path();
        this.abiVersion = ABI.ddb_abi_version();
        this.version = ABI.cString(ABI.ddb_version());
        this.sourceDigest = located.library().sourceDigest();
    }

    /** Where the library was found. */
    public enum Source {
        /** Requested by the caller. */
        OPTION,
        /** Named by the system property. */
        SYSTEM_PROPERTY,
        /** Named by an environment variable. */
        ENVIRONMENT,
        /** Carried by the jar. */
        BUNDLED,
        /** Found by the operating system or in a library path of the JVM. */
        SYSTEM
    }

    /**
     * Loads the library, or returns the one already loaded.
     *
     * @param requested the file to load, or {@code null} to look in the usual places
     * @return the library of this JVM
     * @throws NativeLibraryException if there is no usable library, or if this JVM already uses a different one
     */
    public static synchronized NativeLibrary load(@Nullable Path requested) {
        NativeLibrary library = loaded;
        if (library == null) {
            library = locate(requested);
            loaded = library;
            LOGGER.log(
                    System.Logger.Level.DEBUG,
                    "DecentDB engine {0}, ABI {1}, from {2} ({3}, decentdb.ffi={4})",
                    library.version,
                    Integer.toString(library.abiVersion),
                    library.path,
                    library.source,
                    AbiLoader.binding().name());
        } else if (requested != null && !AbiLoader.real(requested).equals(AbiLoader.real(library.path))) {
            throw new NativeLibraryException(
                    "Cannot load " + requested.toAbsolutePath() + ": this JVM already uses " + library.path + " ("
                            + library.source + "), and one JVM uses one native library. Name the same file, or none.",
                    null);
        }
        return library;
    }

    /** Nothing but exhausted memory makes a load fail otherwise than by the exception for it. */
    private static NativeLibrary locate(@Nullable Path requested) {
        try {
            return new NativeLibrary(LibraryLocator.locate(requested));
        } catch (NativeLibraryException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw new NativeLibraryException(
                    "The DecentDB library cannot be loaded: " + e + ". " + LibraryLocator.REMEDY, e);
        }
    }

    /**
     * Returns the version of the C ABI.
     *
     * @return 7
     */
    public int abiVersion() {
        return abiVersion;
    }

    /**
     * Returns the engine's version.
     *
     * @return the version; that of the bundled engine ends in {@code +bundled}
     */
    public String version() {
        return version;
    }

    /**
     * Returns the file that was loaded.
     *
     * @return the file; for {@link Source#BUNDLED} the one in the user's cache to which the jar's engine was unpacked
     */
    public Path path() {
        return path;
    }

    /**
     * Returns where the library was found.
     *
     * @return the source
     */
    public Source source() {
        return source;
    }

    /**
     * Returns whether this is the engine that comes with this project, wherever its file was found.
     *
     * @return {@code true} for the bundled engine
     */
    public boolean bundled() {
        return version.endsWith("+bundled");
    }

    /**
     * Returns the digest of the sources the bundled engine was built from.
     *
     * @return 64 hexadecimal digits, or {@code null} if the library carries none
     */
    public @Nullable String sourceDigest() {
        return sourceDigest;
    }

    /**
     * Returns whether {@link NativeDatabase#interrupt} can end a call.
     *
     * @return {@code true} if the library has the function for it
     */
    public boolean interrupts() {
        return ABI.ddb_ext_db_interrupt(0) != Abi.ABSENT;
    }

    /**
     * Opens a database.
     *
     * @param path the file, or {@code :memory:} for a database that lives as long as the handle
     * @param mode whether to create the file
     * @param options {@code key=value} pairs separated by semicolons, or nothing
     * @return the database, to be closed
     */
    public NativeDatabase open(String path, OpenMode mode, String options) {
        byte[] file = Utf8.cString(path, "the path");
        byte[] pairs = Utf8.cString(options, "the option text");
        AbiLoader.enter();
        try {
            Scratch scratch = Scratch.ofThread();
            long out = scratch.zeroedOut(0);
            NativeDatabase database = new NativeDatabase();
            Status.check(
                    switch (mode) {
                        case CREATE -> ABI.ddb_db_create_with_options(file, pairs, out);
                        case OPEN -> ABI.ddb_db_open_with_options(file, pairs, out);
                        case OPEN_OR_CREATE -> ABI.ddb_db_open_or_create_with_options(file, pairs, out);
                    });
            database.adopt(scratch.read(0));
            return database;
        } finally {
            AbiLoader.leave();
        }
    }

    /**
     * Makes the engine forget what it keeps in memory about a database file. Call it after every handle of the file is
     * closed and before the file is deleted and created again.
     *
     * @param path the file
     */
    public void evictSharedWal(String path) {
        byte[] file = Utf8.cString(path, "the path");
        AbiLoader.enter();
        try {
            Status.check(ABI.ddb_evict_shared_wal(file));
        } finally {
            AbiLoader.leave();
        }
    }

    /**
     * Gives up what keeps the class loader of this class from being collected, unless a handle is open. The next database
     * that is opened takes it up again, which costs about a millisecond.
     */
    public static void rest() {
        AbiLoader.restIfUnused();
    }
}
