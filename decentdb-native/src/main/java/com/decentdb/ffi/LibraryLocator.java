package com.decentdb.ffi;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds, checks and binds the native library. */
final class LibraryLocator {

    static final String PROPERTY = "decentdb.native.lib";
    static final String PATH_VARIABLE = "DECENTDB_NATIVE_LIB_PATH";
    static final String VARIABLE = "DECENTDB_NATIVE_LIB";

    private static final System.Logger LOGGER = System.getLogger(LibraryLocator.class.getName());
    private static final String NAME = "decentdb";
    private static final String REMEDY = "Name the DecentDB library by the native library option, by -D" + PROPERTY
            + "=<file> or by the environment variable " + PATH_VARIABLE + ".";

    private final List<String> tried = new ArrayList<>();

    private LibraryLocator() {}

    /** A library that is bound. */
    record Located(
            com.decentdb.ffi.NativeLibrary.Source source,
            Path path,
            @Nullable String sourceDigest) {}

    static Located locate(@Nullable Path requested) {
        return locate(requested, System.getProperty(PROPERTY), System.getenv());
    }

    static Located locate(@Nullable Path requested, @Nullable String property, Map<String, String> environment) {
        try {
            return new LibraryLocator().search(requested, property, environment);
        } catch (NoClassDefFoundError | ExceptionInInitializerError e) {
            throw new NativeLibraryException(
                    "JNA cannot start its own native part: " + e.getMessage()
                            + ". Its temporary folder must allow executable files; set -Djna.tmpdir to one that does.",
                    e);
        }
    }

    private Located search(@Nullable Path requested, @Nullable String property, Map<String, String> environment) {
        if (Native.POINTER_SIZE != 8 || Native.SIZE_T_SIZE != 8) {
            throw new NativeLibraryException("A 64-bit JVM is needed; this one is " + Platform.RESOURCE_PREFIX, null);
        }
        if (requested != null) {
            return required(com.decentdb.ffi.NativeLibrary.Source.OPTION, "the native library option", requested);
        }
        if (property != null) {
            return required(
                    com.decentdb.ffi.NativeLibrary.Source.SYSTEM_PROPERTY,
                    "the system property " + PROPERTY,
                    Path.of(property));
        }
        String pathVariable = environment.get(PATH_VARIABLE);
        if (pathVariable != null && !pathVariable.isEmpty()) {
            return required(
                    com.decentdb.ffi.NativeLibrary.Source.ENVIRONMENT,
                    "the environment variable " + PATH_VARIABLE,
                    Path.of(pathVariable));
        }
        Located located = fromSharedVariable(environment.get(VARIABLE));
        if (located == null) {
            located = bundled();
        }
        if (located == null) {
            located = fromSystem();
        }
        if (located == null) {
            throw new NativeLibraryException(
                    "No usable DecentDB library. Tried: " + String.join("; ", tried) + ". " + REMEDY, null);
        }
        return located;
    }

    /** A file someone named for this driver: it must work, there is no falling back to another engine. */
    private Located required(com.decentdb.ffi.NativeLibrary.Source source, String namedBy, Path file) {
        try {
            return bind(source, open(file));
        } catch (UnusableException e) {
            throw new NativeLibraryException(
                    "The native library " + file.toAbsolutePath() + " named by " + namedBy + " cannot be used: "
                            + e.getMessage() + ".",
                    e.getCause());
        }
    }

    private @Nullable Located fromSharedVariable(@Nullable String value) {
        if (value == null || value.isEmpty()) {
            return null;
        }
        try {
            return bind(com.decentdb.ffi.NativeLibrary.Source.ENVIRONMENT, open(Path.of(value)));
        } catch (UnusableException e) {
            // Another binding's file may be named there, which is no mistake; what else may be wrong deserves a look.
            LOGGER.log(System.Logger.Level.WARNING, "Ignoring {0}={1}: {2}", VARIABLE, value, e.getMessage());
            tried.add(VARIABLE + "=" + value + ": " + e.getMessage());
            return null;
        }
    }

    private @Nullable Located bundled() {
        String resource = Platform.RESOURCE_PREFIX + "/" + System.mapLibraryName(NAME);
        ClassLoader loader = LibraryLocator.class.getClassLoader();
        if (loader == null || loader.getResource(resource) == null) {
            tried.add("the jar, which carries no engine for " + Platform.RESOURCE_PREFIX);
            return null;
        }
        try {
            File file = Native.extractFromResourcePath("/" + resource, loader);
            return bind(com.decentdb.ffi.NativeLibrary.Source.BUNDLED, open(file.toPath()));
        } catch (IOException | UnusableException e) {
            tried.add("the engine in the jar (" + resource + "): " + e.getMessage());
            return null;
        }
    }

    private @Nullable Located fromSystem() {
        try {
            return bind(com.decentdb.ffi.NativeLibrary.Source.SYSTEM, NativeLibrary.getInstance(NAME));
        } catch (UnsatisfiedLinkError | UnusableException e) {
            tried.add("the library path of the system: " + firstLine(e.getMessage()));
            return null;
        }
    }

    private static NativeLibrary open(Path file) throws UnusableException {
        Path absolute = file.toAbsolutePath();
        if (!Files.exists(absolute)) {
            throw new UnusableException("there is no such file", null);
        }
        if (!Files.isRegularFile(absolute)) {
            throw new UnusableException("it is not a file; name the library itself, not its folder", null);
        }
        try {
            return NativeLibrary.getInstance(real(absolute).toString());
        } catch (UnsatisfiedLinkError e) {
            throw new UnusableException(firstLine(e.getMessage()), e);
        }
    }

    private static Located bind(com.decentdb.ffi.NativeLibrary.Source source, NativeLibrary library)
            throws UnusableException {
        List<String> missing = Abi.symbols().stream()
                .filter(symbol -> find(library, symbol) == null)
                .toList();
        if (!missing.isEmpty()) {
            boolean alien = missing.contains("ddb_abi_version");
            throw new UnusableException(
                    alien
                            ? "it does not export the DecentDB C ABI (no ddb_abi_version)"
                            : "it does not export " + String.join(", ", missing),
                    null);
        }
        Function abiVersion = library.getFunction("ddb_abi_version");
        int version = abiVersion.invokeInt(new Object[0]);
        if (version != Abi.VERSION) {
            throw new UnusableException("it has version " + version + " of the C ABI, not " + Abi.VERSION, null);
        }
        Native.register(Abi.class, library);
        Function digest = find(library, "ddb_engine_source_digest");
        File file = library.getFile();
        return new Located(
                source,
                file == null ? Path.of(library.getName()) : file.toPath(),
                digest == null ? null : digest.invokeString(new Object[0], false));
    }

    private static @Nullable Function find(NativeLibrary library, String symbol) {
        try {
            return library.getFunction(symbol);
        } catch (UnsatisfiedLinkError e) {
            return null;
        }
    }

    static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    private static String firstLine(@Nullable String text) {
        return text == null ? "no reason given" : text.lines().findFirst().orElse("no reason given");
    }

    /** Why a candidate does not do. */
    private static final class UnusableException extends Exception {

        private static final long serialVersionUID = 1L;

        UnusableException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
