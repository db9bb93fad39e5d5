package com.decentdb.ffi;

import com.decentdb.ffi.AbiLoader.BoundLibrary;
import com.decentdb.ffi.AbiLoader.UnusableLibraryException;
import com.decentdb.ffi.NativeLibrary.Source;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The places that may name or hold the library, and their order. */
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

    /** A library that is bound, and the place it was found in. */
    record Located(Source source, BoundLibrary library) {}

    static Located locate(@Nullable Path requested) {
        return locate(requested, System.getProperty(PROPERTY), System.getenv());
    }

    static Located locate(@Nullable Path requested, @Nullable String property, Map<String, String> environment) {
        AbiLoader.binding();
        if (requested != null) {
            return required(Source.OPTION, "the native library option", requested);
        }
        if (property != null) {
            return required(Source.SYSTEM_PROPERTY, "the system property " + PROPERTY, Path.of(property));
        }
        String pathVariable = environment.get(PATH_VARIABLE);
        if (pathVariable != null && !pathVariable.isEmpty()) {
            return required(Source.ENVIRONMENT, "the environment variable " + PATH_VARIABLE, Path.of(pathVariable));
        }
        return new LibraryLocator().search(environment.get(VARIABLE));
    }

    /** A file that is named for this driver must work: the search does not continue with other places. */
    private static Located required(Source source, String namedBy, Path file) {
        try {
            return new Located(source, AbiLoader.bindFile(file));
        } catch (UnusableLibraryException e) {
            throw new NativeLibraryException(
                    "The native library " + file.toAbsolutePath() + " named by " + namedBy + " cannot be used: "
                            + e.getMessage() + ".",
                    e.getCause());
        }
    }

    private Located search(@Nullable String sharedVariable) {
        Located located = fromSharedVariable(sharedVariable);
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

    private @Nullable Located fromSharedVariable(@Nullable String value) {
        if (value == null || value.isEmpty()) {
            return null;
        }
        try {
            return new Located(Source.ENVIRONMENT, AbiLoader.bindFile(Path.of(value)));
        } catch (UnusableLibraryException e) {
            // The variable may rightly name the file of a different binding. A warning shows all other mistakes.
            LOGGER.log(System.Logger.Level.WARNING, "Ignoring {0}={1}: {2}", VARIABLE, value, e.getMessage());
            tried.add(VARIABLE + "=" + value + ": " + e.getMessage());
            return null;
        }
    }

    private @Nullable Located bundled() {
        String resource = AbiLoader.platform() + "/" + System.mapLibraryName(NAME);
        ClassLoader loader = LibraryLocator.class.getClassLoader();
        if (loader == null || loader.getResource(resource) == null) {
            tried.add("the jar, which carries no engine for " + AbiLoader.platform());
            return null;
        }
        try {
            return new Located(Source.BUNDLED, AbiLoader.bindResource(resource, loader));
        } catch (UnusableLibraryException e) {
            tried.add("the engine in the jar (" + resource + "): " + e.getMessage());
            return null;
        }
    }

    private @Nullable Located fromSystem() {
        try {
            return new Located(Source.SYSTEM, AbiLoader.bindNamed(NAME));
        } catch (UnusableLibraryException e) {
            tried.add("the library path of the system: " + e.getMessage());
            return null;
        }
    }
}
