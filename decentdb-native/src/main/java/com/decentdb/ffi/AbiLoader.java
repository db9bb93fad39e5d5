package com.decentdb.ffi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Opens a library, looks up its functions and binds the implementation of {@link Abi} that calls them. A failed attempt
 * leaves nothing behind, so that another file can be tried.
 */
final class AbiLoader {

    private static final String VERSION_SYMBOL = "ddb_abi_version";
    private static final String DIGEST_SYMBOL = "ddb_engine_source_digest";

    /** The choice among the ways to call native code: today JNA is the only one. */
    private static final Binding BINDING = new JnaAbi.JnaBinding();

    private static volatile @Nullable Abi bound;

    private AbiLoader() {}

    /**
     * Holds the implementation in a constant, through which the JIT inlines its methods. Initialised by its first use.
     */
    static final class Bound {

        /** Use it only behind a {@link NativeLibrary} or a handle: neither exists before a library was bound. */
        static final Abi ABI = Objects.requireNonNull(bound, "no library is bound");

        private Bound() {}
    }

    /** A way to call native code. */
    interface Binding {

        /** Prepares this way, and fails with a {@link NativeLibraryException} if this JVM cannot use it. */
        void start();

        /** Returns the name of this platform, which is also the folder of its engine in the jar. */
        String platform();

        /** Returns a file with the content of a resource: a temporary copy, unless the resource is a file already. */
        Path unpack(String resource, ClassLoader loader) throws IOException;

        /**
         * Opens a library by its file, or by the name under which the system knows it.
         *
         * @throws UnsatisfiedLinkError if it cannot be opened
         */
        Library open(String fileOrName);
    }

    /** A library that is open but not bound. */
    interface Library {

        /** Returns the file, or the name if the file is not known. */
        Path path();

        boolean exports(String symbol);

        /** Calls a function without arguments. */
        int callInt(String symbol);

        /**
         * Calls a function without arguments that returns borrowed text; {@code null} if the library does not export
         * it.
         */
        @Nullable
        String callString(String symbol);

        /** Binds every function of {@link Abi}, all of which the library exports. */
        Abi bind();
    }

    /** A library whose functions are bound. */
    record BoundLibrary(Path path, @Nullable String sourceDigest) {}

    /** Prepares the binding. Must succeed before a library is bound. */
    static void start() {
        BINDING.start();
    }

    /** Returns the name of this platform, which is also the folder of its engine in the jar. */
    static String platform() {
        return BINDING.platform();
    }

    /** Binds the library of that name that the system or a search path of the implementation finds. */
    static BoundLibrary bindNamed(String name) throws UnusableLibraryException {
        return bind(open(name));
    }

    static BoundLibrary bindFile(Path file) throws UnusableLibraryException {
        Path absolute = file.toAbsolutePath();
        if (!Files.exists(absolute)) {
            throw new UnusableLibraryException("there is no such file", null);
        }
        if (!Files.isRegularFile(absolute)) {
            throw new UnusableLibraryException("it is not a file; name the library itself, not its folder", null);
        }
        return bind(open(real(absolute).toString()));
    }

    /** Binds a library that the jar carries as a resource. */
    static BoundLibrary bindResource(String resource, ClassLoader loader) throws UnusableLibraryException {
        try {
            return bindFile(BINDING.unpack(resource, loader));
        } catch (IOException e) {
            throw new UnusableLibraryException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Returns the file behind all links, as far as it exists. */
    static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    private static Library open(String fileOrName) throws UnusableLibraryException {
        try {
            return BINDING.open(fileOrName);
        } catch (UnsatisfiedLinkError e) {
            throw new UnusableLibraryException(firstLine(e.getMessage()), e);
        }
    }

    private static BoundLibrary bind(Library library) throws UnusableLibraryException {
        List<String> missing = Abi.symbols().stream()
                .filter(symbol -> !library.exports(symbol))
                .toList();
        if (missing.contains(VERSION_SYMBOL)) {
            throw new UnusableLibraryException(
                    "it does not export the DecentDB C ABI (no " + VERSION_SYMBOL + ")", null);
        }
        if (!missing.isEmpty()) {
            throw new UnusableLibraryException("it does not export " + String.join(", ", missing), null);
        }
        int version = library.callInt(VERSION_SYMBOL);
        if (version != Abi.VERSION) {
            throw new UnusableLibraryException("it has version " + version + " of the C ABI, not " + Abi.VERSION, null);
        }
        bound = library.bind();
        return new BoundLibrary(library.path(), library.callString(DIGEST_SYMBOL));
    }

    private static String firstLine(@Nullable String text) {
        return text == null ? "no reason given" : text.lines().findFirst().orElse("no reason given");
    }

    /** The reason why a candidate cannot be used. */
    static final class UnusableLibraryException extends Exception {

        private static final long serialVersionUID = 1L;

        UnusableLibraryException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
