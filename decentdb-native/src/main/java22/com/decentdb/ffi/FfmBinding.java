package com.decentdb.ffi;

import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The use of {@code java.lang.foreign} up to the moment a library is bound. {@link AbiLoader} knows it by its name. */
@SuppressWarnings("restricted") // This class and its neighbours are the gateway.
final class FfmBinding implements AbiLoader.Binding {

    private static volatile @Nullable SymbolLookup bound;

    FfmBinding() {}

    static SymbolLookup bound() {
        return Objects.requireNonNull(bound, "no library is bound");
    }

    @Override
    public String name() {
        return "foreign";
    }

    /**
     * From 24 on the JVM treats both ways alike. Before, it warns of this one unless native access is allowed, and never
     * of JNA, whose native part is not made for musl. On Windows a file that is in use cannot be deleted, and JNA knows how to
     * remove it later.
     */
    @Override
    public boolean preferred() {
        return !EnginePlatform.windows()
                && (EnginePlatform.musl()
                        || Runtime.version().feature() >= 24
                        || FfmBinding.class.getModule().isNativeAccessEnabled());
    }

    @Override
    public void start(@Nullable Path folder) {
        if (ValueLayout.ADDRESS.byteSize() != Long.BYTES) {
            throw new NativeLibraryException("A 64-bit JVM is needed; this one is " + EnginePlatform.name(), null);
        }
        try {
            // The first restricted call: the JVM allows it, warns or refuses.
            MemorySegment.NULL.reinterpret(1);
            Linker.nativeLinker();
        } catch (IllegalCallerException e) {
            throw new NativeLibraryException(
                    e.getMessage() + ". Start the JVM with --enable-native-access=ALL-UNNAMED,"
                            + " or =com.decentdb.ffi if that is on the module path.",
                    e);
        } catch (UnsupportedOperationException e) {
            throw new NativeLibraryException("This JVM has no java.lang.foreign: " + e.getMessage(), e);
        }
    }

    @Override
    public AbiLoader.Library open(String fileOrName) {
        Path file = Path.of(fileOrName);
        return file.isAbsolute() ? openFile(file) : openNamed(System.mapLibraryName(fileOrName));
    }

    /** A library that is not bound is closed when the garbage collector finds nothing that uses it. */
    private static AbiLoader.Library openFile(Path file) {
        try {
            return new FfmLibrary(file, SymbolLookup.libraryLookup(file, Arena.ofAuto()));
        } catch (IllegalArgumentException e) {
            // The lookup keeps the system's reason to itself; this fails with it.
            System.load(file.toString());
            throw cannotOpen(file.toString(), e);
        }
    }

    private static AbiLoader.Library openNamed(String fileName) {
        Path found = Arrays.stream(System.getProperty("java.library.path", "").split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, fileName).toAbsolutePath())
                .filter(Files::isRegularFile)
                .findFirst()
                .orElse(null);
        if (found != null) {
            return openFile(AbiLoader.real(found));
        }
        try {
            return new FfmLibrary(Path.of(fileName), SymbolLookup.libraryLookup(fileName, Arena.ofAuto()));
        } catch (IllegalArgumentException e) {
            throw cannotOpen(fileName, e);
        }
    }

    private static UnsatisfiedLinkError cannotOpen(String library, Exception cause) {
        UnsatisfiedLinkError failure = new UnsatisfiedLinkError("the system cannot open " + library);
        failure.initCause(cause);
        return failure;
    }

    private record FfmLibrary(Path path, SymbolLookup symbols) implements AbiLoader.Library {

        @Override
        public boolean exports(String symbol) {
            return symbols.find(symbol).isPresent();
        }

        @Override
        public int callInt(String symbol) {
            return FfmCalls.call(function(symbol, ValueLayout.JAVA_INT));
        }

        @Override
        public @Nullable String callString(String symbol) {
            return exports(symbol) ? FfmMemory.text(FfmCalls.address(function(symbol, ValueLayout.JAVA_LONG))) : null;
        }

        @Override
        public Abi bind() {
            bound = symbols;
            return new FfmAbi();
        }

        private MethodHandle function(String symbol, MemoryLayout result) {
            return Linker.nativeLinker()
                    .downcallHandle(symbols.find(symbol).orElseThrow(), FunctionDescriptor.of(result));
        }
    }
}
