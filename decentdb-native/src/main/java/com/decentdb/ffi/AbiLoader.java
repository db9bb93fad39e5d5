package com.decentdb.ffi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
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
    private static final int ELF_HEADER_BYTES = 64;
    private static final int ELF_MAGIC = 0x464c457f;
    private static final int ELF_64_BIT = 2;

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

        /**
         * Prepares this way.
         *
         * @param folder a folder for files to execute, or {@code null} for the default one
         * @throws NativeLibraryException if this JVM cannot use this way, at this and every later call
         */
        void start(@Nullable Path folder);

        /** Returns the name of this platform, which is also the folder of its engine in the jar. */
        String platform();

        /**
         * Opens a library by its file, or by the name under which the system knows it.
         *
         * @throws LinkageError if it cannot be opened
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

    /**
     * Prepares the binding. Must succeed before a library is bound.
     *
     * @param folder a folder for files to execute, or {@code null} for the default one
     */
    static void start(@Nullable Path folder) {
        BINDING.start(folder);
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
            throw new UnusableLibraryException("there is no such file, or its folder cannot be read", null);
        }
        if (!Files.isRegularFile(absolute)) {
            throw new UnusableLibraryException("it is not a file; name the library itself, not its folder", null);
        }
        if (!Files.isReadable(absolute)) {
            throw new UnusableLibraryException("this user cannot read it", null);
        }
        if (cutShort(absolute)) {
            throw new UnusableLibraryException("the file is cut short", null);
        }
        return bind(open(real(absolute).toString()));
    }

    /** The linker maps an ELF file as its headers say: to read behind its end would end the JVM. */
    private static boolean cutShort(Path file) throws UnusableLibraryException {
        ByteBuffer header = ByteBuffer.allocate(ELF_HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            while (header.hasRemaining() && channel.read(header) >= 0) {
                // The channel may return less than there is.
            }
            if (header.hasRemaining() || header.getInt(0) != ELF_MAGIC || header.get(4) != ELF_64_BIT) {
                return false;
            }
            // The table of sections is the last part of a file.
            long sections = header.getLong(40);
            return sections + (long) header.getShort(58) * header.getShort(60) > channel.size();
        } catch (IOException e) {
            throw new UnusableLibraryException("it cannot be read: " + e, e);
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
        } catch (LinkageError e) {
            throw new UnusableLibraryException(LinkFailure.explain(e), e);
        }
    }

    private static BoundLibrary bind(Library library) throws UnusableLibraryException {
        List<String> missing = Abi.symbols();
        missing.removeIf(library::exports);
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
        try {
            bound = library.bind();
        } catch (LinkageError e) {
            throw new UnusableLibraryException(LinkFailure.explain(e), e);
        }
        return new BoundLibrary(library.path(), library.callString(DIGEST_SYMBOL));
    }

    /** The reason why a candidate cannot be used. */
    static final class UnusableLibraryException extends Exception {

        private static final long serialVersionUID = 1L;

        UnusableLibraryException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
