package com.decentdb.ffi;

import com.decentdb.ffi.AbiLoader.BoundLibrary;
import com.decentdb.ffi.AbiLoader.UnusableLibraryException;
import com.decentdb.ffi.NativeLibrary.Source;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The places that may name or hold the library, and their order. */
final class LibraryLocator {

    static final String PROPERTY = "decentdb.native.lib";
    static final String PATH_VARIABLE = "DECENTDB_NATIVE_LIB_PATH";
    static final String VARIABLE = "DECENTDB_NATIVE_LIB";

    private static final System.Logger LOGGER = System.getLogger(LibraryLocator.class.getName());
    private static final String NAME = "decentdb";
    private static final String DIGEST = ".sha256";
    private static final String VERSION = "version";
    static final String REMEDY = "Name the DecentDB library by the option nativeLibrary, by -D" + PROPERTY
            + "=<file> or by the environment variable " + PATH_VARIABLE + ", or by -D" + EngineCache.PROPERTY
            + "=<folder> a folder of this user that allows executable files, for the engine in the jar.";

    private final List<String> tried = new ArrayList<>();

    private LibraryLocator() {}

    /** A library that is bound, and the place it was found in. */
    record Located(Source source, BoundLibrary library) {}

    static Located locate(@Nullable Path requested) {
        return locate(requested, System.getProperty(PROPERTY), System.getenv());
    }

    static Located locate(@Nullable Path requested, @Nullable String property, Map<String, String> environment) {
        if (requested != null) {
            return required(Source.OPTION, "the option nativeLibrary", requested.toString());
        }
        if (property != null) {
            return required(Source.SYSTEM_PROPERTY, "the system property " + PROPERTY, property);
        }
        String pathVariable = environment.get(PATH_VARIABLE);
        if (pathVariable != null && !pathVariable.isEmpty()) {
            return required(Source.ENVIRONMENT, "the environment variable " + PATH_VARIABLE, pathVariable);
        }
        return new LibraryLocator().search(environment.get(VARIABLE));
    }

    /** A file that is named for this driver must work: the search does not continue with other places. */
    private static Located required(Source source, String namedBy, String name) {
        AbiLoader.start(null);
        try {
            return new Located(source, AbiLoader.bindFile(file(name)));
        } catch (UnusableLibraryException e) {
            throw new NativeLibraryException(
                    "The native library " + name + " named by " + namedBy + " cannot be used: " + e.getMessage()
                            + ". Name another file there, or none, and the engine in the jar is used.",
                    e.getCause());
        }
    }

    private static Path file(String name) throws UnusableLibraryException {
        try {
            return Path.of(name).toAbsolutePath();
        } catch (InvalidPathException e) {
            throw new UnusableLibraryException(
                    "this JVM cannot express the name, " + e.getReason()
                            + "; set a UTF-8 locale, such as LC_ALL=C.UTF-8",
                    e);
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
            AbiLoader.start(null);
            return new Located(Source.ENVIRONMENT, AbiLoader.bindFile(file(value)));
        } catch (UnusableLibraryException e) {
            // The variable may rightly name the file of a different binding. A warning shows all other mistakes.
            LOGGER.log(System.Logger.Level.WARNING, "Ignoring {0}={1}: {2}", VARIABLE, value, e.getMessage());
            tried.add(VARIABLE + "=" + value + ": " + e.getMessage());
            return null;
        }
    }

    private @Nullable Located bundled() {
        String library = System.mapLibraryName(NAME);
        String resource = EnginePlatform.resource(EnginePlatform.name(), library);
        ClassLoader loader =
                Objects.requireNonNullElseGet(LibraryLocator.class.getClassLoader(), ClassLoader::getSystemClassLoader);
        URL engine = loader.getResource(resource);
        if (engine == null) {
            tried.add(EnginePlatform.missing(EnginePlatform.name(), loader));
            return null;
        }
        if ("file".equals(engine.getProtocol())) {
            return bundled(engine);
        }
        try {
            EngineCache cache = new EngineCache(engine, library, loader.getResourceAsStream(resource + DIGEST));
            requireOneVersion(engine, cache.version());
            for (Path folder : EngineCache.folders(System.getenv())) {
                Located located = unpacked(cache, folder);
                if (located != null) {
                    return located;
                }
            }
        } catch (IOException e) {
            tried.add("the engine in the jar (" + resource + "): " + reason(e));
        }
        return null;
    }

    /** Engines of other platforms come in jars of their own, whose version a build may forget to raise. */
    private static void requireOneVersion(URL engine, String version) throws IOException {
        try (InputStream in = LibraryLocator.class.getResourceAsStream(VERSION)) {
            if (in == null) {
                throw new IOException("the jar of the driver's gateway lacks " + VERSION);
            }
            String own = new String(in.readAllBytes(), StandardCharsets.UTF_8).trim();
            if (!own.equals(version)) {
                throw new IOException(engine + " has version " + version + ", and the classes that use it have " + own
                        + ": take all jars of decentdb-native in one version");
            }
        }
    }

    /** Binds the engine where it lies among the classes, of a build that packs no jar. */
    private @Nullable Located bundled(URL engine) {
        AbiLoader.start(null);
        try {
            return new Located(Source.BUNDLED, AbiLoader.bindFile(Path.of(engine.toURI())));
        } catch (UnusableLibraryException | URISyntaxException e) {
            tried.add("the engine among the classes (" + engine + "): " + e.getMessage());
            return null;
        }
    }

    private @Nullable Located unpacked(EngineCache cache, Path folder) {
        try {
            Path file = cache.unpack(folder);
            AbiLoader.start(file.getParent());
            return new Located(Source.BUNDLED, AbiLoader.bindFile(file));
        } catch (UnusableLibraryException e) {
            tried.add("the engine in the jar, unpacked to " + folder + ": " + e.getMessage());
        } catch (IOException e) {
            tried.add("the engine in the jar, which cannot be unpacked to " + folder + ": " + reason(e));
        }
        return null;
    }

    /** The messages of the JDK's own exceptions are names of files, which mean nothing without the class. */
    private static String reason(IOException e) {
        return e.getClass() == IOException.class ? String.valueOf(e.getMessage()) : e.toString();
    }

    private @Nullable Located fromSystem() {
        try {
            AbiLoader.start(null);
            return new Located(Source.SYSTEM, AbiLoader.bindNamed(NAME));
        } catch (NativeLibraryException | UnusableLibraryException e) {
            tried.add("the library path of the system: " + e.getMessage());
            return null;
        }
    }
}
