package com.decentdb.ffi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the way to call native code, opens a library, looks up its functions and binds the implementation of
 * {@link Abi} that calls them. A failed attempt leaves nothing behind, so that another file can be tried.
 */
final class AbiLoader {

    /** The system property that names the way to call native code: {@code jna} or {@code foreign}. */
    static final String PROPERTY = "decentdb.ffi";

    private static final String VERSION_SYMBOL = "ddb_abi_version";
    private static final String DIGEST_SYMBOL = "ddb_engine_source_digest";
    private static final int ELF_HEADER_BYTES = 64;
    private static final int ELF_MAGIC = 0x464c457f;
    private static final int ELF_64_BIT = 2;
    /** The processors of an ELF file by Java's names for them. */
    private static final Map<String, Integer> ELF_MACHINES = Map.of("amd64", 62, "x86_64", 62, "aarch64", 183);

    /** The name of the class that only a JVM of 22 or newer finds, under {@code META-INF/versions} in the jar. */
    private static final String FOREIGN = "com.decentdb.ffi.FfmBinding";

    /** It remembers why it was refused. */
    private static final Binding JNA = new JnaBinding();

    private static @Nullable Binding binding;
    private static volatile @Nullable Abi bound;

    /** The library whose functions were bound last. */
    private static @Nullable Path boundFile;

    /** Whether its functions are given back for now. */
    private static boolean resting;

    /** The handles, and the calls without a handle, that may call functions now. */
    private static int users;

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

        /** Returns the value of the system property that names this way. */
        String name();

        /** Returns whether this JVM may use this way if the user names none. The first one that starts is used. */
        boolean preferred();

        /**
         * Prepares this way.
         *
         * @param folder a folder for files to execute, or {@code null} for the default one
         * @throws NativeLibraryException if this JVM cannot use this way, at this and every later call
         */
        void start(@Nullable Path folder);

        /**
         * Opens a library by its file, or by the name under which the system knows it.
         *
         * @throws LinkageError if it cannot be opened
         */
        Library open(String fileOrName);

        /**
         * Gives up what keeps the class loader of {@link Abi} from being collected, until {@link Library#bind} is called
         * again.
         *
         * @return whether there was anything, so that functions cannot be called now
         */
        default boolean rest() {
            return false;
        }
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

        /** Binds every function of {@link Abi}, all of which the library exports; only those may be called from then on. */
        Abi bind();
    }

    /** A library whose functions are bound. */
    record BoundLibrary(Path path, @Nullable String sourceDigest) {}

    /**
     * Returns the way that this JVM calls native code, chosen and started by the first call that succeeds.
     *
     * @throws NativeLibraryException if this JVM cannot use the way that the user names, or none
     */
    static Binding binding() {
        return start(null);
    }

    /**
     * As {@link #binding}.
     *
     * @param folder a folder for files to execute, or {@code null} for the default one
     */
    static synchronized Binding start(@Nullable Path folder) {
        Binding chosen = binding;
        if (chosen == null) {
            chosen = choose(System.getProperty(PROPERTY), folder);
            binding = chosen;
        }
        return chosen;
    }

    private static Binding choose(@Nullable String named, @Nullable Path folder) {
        List<Binding> ways = Stream.concat(foreign().stream(), Stream.of(JNA))
                .filter(way -> named == null ? way.preferred() : way.name().equals(named))
                .toList();
        if (ways.isEmpty()) {
            throw new NativeLibraryException(
                    "-D" + PROPERTY + "=" + named
                            + ("foreign".equals(named)
                                    ? " needs Java 22 or newer, and a jar that was built with it"
                                    : " is neither jna nor foreign"),
                    null);
        }
        return firstThatStarts(ways, folder);
    }

    /** Starts the ways in their order until one can be used; the error of the first one is the one to mend. */
    static Binding firstThatStarts(List<Binding> ways, @Nullable Path folder) {
        NativeLibraryException refused = null;
        for (Binding way : ways) {
            try {
                way.start(folder);
                return way;
            } catch (NativeLibraryException e) {
                if (refused == null) {
                    refused = e;
                } else {
                    refused.addSuppressed(e);
                }
            }
        }
        throw Objects.requireNonNull(refused);
    }

    private static Optional<Binding> foreign() {
        try {
            return Optional.of(Class.forName(FOREIGN)
                    .asSubclass(Binding.class)
                    .getDeclaredConstructor()
                    .newInstance());
        } catch (ReflectiveOperationException absent) {
            return Optional.empty();
        }
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
        requireWhole(absolute);
        return bind(open(real(absolute).toString()));
    }

    /**
     * The linker maps an ELF file as its headers say: to read behind its end would end the JVM. Of a file for another
     * processor it says only that there is none.
     */
    private static void requireWhole(Path file) throws UnusableLibraryException {
        ByteBuffer header = ByteBuffer.allocate(ELF_HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            while (header.hasRemaining() && channel.read(header) >= 0) {
                // The channel may return less than there is.
            }
            if (header.hasRemaining() || header.getInt(0) != ELF_MAGIC || header.get(4) != ELF_64_BIT) {
                return;
            }
            Integer machine = ELF_MACHINES.get(System.getProperty("os.arch"));
            if (machine != null && machine != header.getShort(18)) {
                throw new UnusableLibraryException(
                        "it was built for another processor; this JVM is " + EnginePlatform.name(), null);
            }
            // The table of sections is the last part of a file.
            long sections = header.getLong(40);
            if (sections + (long) header.getShort(58) * header.getShort(60) > channel.size()) {
                throw new UnusableLibraryException("the file is cut short", null);
            }
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

    /** Announces calls of functions, which are bound again if they rest; {@link #leave} is due. */
    static synchronized void enter() {
        Path file = boundFile;
        if (resting && file != null) {
            try {
                binding().open(file.toString()).bind();
            } catch (LinkageError e) {
                throw new NativeLibraryException(
                        "The DecentDB library " + file + " cannot be used again: " + LinkFailure.explain(e), e);
            }
            resting = false;
        }
        users++;
    }

    static synchronized void leave() {
        users--;
    }

    /** Lets the binding rest if nobody may call functions. */
    static synchronized void restIfUnused() {
        if (users == 0 && boundFile != null && !resting) {
            resting = binding().rest();
        }
    }

    private static Library open(String fileOrName) throws UnusableLibraryException {
        try {
            return binding().open(fileOrName);
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
        BoundLibrary described = new BoundLibrary(library.path(), library.callString(DIGEST_SYMBOL));
        try {
            synchronized (AbiLoader.class) {
                bound = library.bind();
                boundFile = described.path();
                resting = false;
            }
        } catch (LinkageError e) {
            throw new UnusableLibraryException(LinkFailure.explain(e), e);
        }
        return described;
    }

    /** The reason why a candidate cannot be used. */
    static final class UnusableLibraryException extends Exception {

        private static final long serialVersionUID = 1L;

        UnusableLibraryException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
