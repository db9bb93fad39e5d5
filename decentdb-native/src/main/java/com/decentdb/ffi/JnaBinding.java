package com.decentdb.ffi;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.File;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The use of JNA up to the moment a library is bound. */
final class JnaBinding implements AbiLoader.Binding {

    private static final int RTLD_LAZY = 1;

    /** The flag of {@code dlopen} for a library that is never unloaded, {@code RTLD_NODELETE}; 0 where it is not known. */
    private static final int STAY_LOADED = Platform.isLinux() ? 0x1000 : Platform.isMac() ? 0x80 : 0;

    private static final String FOLDER = "jna.tmpdir";

    private static final String MUSL_REMEDY = EnginePlatform.musl()
            ? " Its native part is made for glibc: install gcompat, or use Java 22 or newer and a jar of the driver that was"
                    + " built with it, which need no JNA."
            : "";

    private @Nullable NativeLibraryException refusal;

    @Override
    public String name() {
        return "jna";
    }

    @Override
    public boolean preferred() {
        return true;
    }

    /** Starts JNA, which loads its own native part, and refuses a JVM whose pointers are not 64-bit numbers. */
    @Override
    public synchronized void start(@Nullable Path folder) {
        if (refusal == null && folder != null && System.getProperty(FOLDER) == null) {
            // JNA reads it once. Its own choice may be a folder that forbids to execute files.
            System.setProperty(FOLDER, folder.toString());
            try {
                start();
            } finally {
                System.clearProperty(FOLDER);
            }
        } else {
            start();
        }
    }

    /** A class that failed to start fails without its reason from then on, so the first refusal is kept. */
    private void start() {
        NativeLibraryException first = refusal;
        if (first != null) {
            throw new NativeLibraryException(String.valueOf(first.getMessage()), first.getCause());
        }
        try {
            if (Native.POINTER_SIZE != 8 || Native.SIZE_T_SIZE != 8) {
                throw new NativeLibraryException("A 64-bit JVM is needed; this one is " + EnginePlatform.name(), null);
            }
        } catch (VirtualMachineError e) {
            throw e;
        } catch (Error e) {
            if (e.getCause() instanceof IllegalCallerException refused) {
                refusal = new NativeLibraryException(
                        refused.getMessage() + ". Start the JVM with --enable-native-access=ALL-UNNAMED,"
                                + " or =com.sun.jna if JNA is on the module path.",
                        e);
                throw refusal;
            }
            // A plain Error is JNA's report of a native part of another version.
            refusal = new NativeLibraryException(
                    "JNA cannot start its own native part: " + LinkFailure.explain(e) + "." + MUSL_REMEDY
                            + " Its temporary folder must allow executable files: set -Djna.tmpdir to one that"
                            + " does. If -Djna.nounpack, -Djna.noclasspath or -Djna.boot.library.path is set,"
                            + " remove it or let it lead to JNA's own library of version " + Native.VERSION + ".",
                    e);
            throw refusal;
        }
    }

    @Override
    public AbiLoader.Library open(String fileOrName) {
        Map<String, Object> options = new HashMap<>();
        // A loader without an engine keeps JNA from unpacking a second copy of the one in the jar.
        options.put(Library.OPTION_CLASSLOADER, ClassLoader.getPlatformClassLoader());
        if (STAY_LOADED != 0) {
            options.put(Library.OPTION_OPEN_FLAGS, RTLD_LAZY | STAY_LOADED);
        }
        // JNA starts threads, which would keep the class loader of an application.
        Thread thread = Thread.currentThread();
        ClassLoader loader = thread.getContextClassLoader();
        thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
        try {
            return new JnaLibrary(NativeLibrary.getInstance(fileOrName, options));
        } finally {
            thread.setContextClassLoader(loader);
        }
    }

    /** JNA holds each method that it registered, and thereby its class loader. */
    @Override
    public boolean rest() {
        if (STAY_LOADED == 0) {
            return false;
        }
        Native.unregister(JnaAbi.class);
        return true;
    }

    private record JnaLibrary(NativeLibrary library) implements AbiLoader.Library {

        @Override
        public Path path() {
            File file = library.getFile();
            return file == null ? Path.of(library.getName()) : file.toPath();
        }

        @Override
        public boolean exports(String symbol) {
            try {
                library.getGlobalVariableAddress(symbol);
                return true;
            } catch (UnsatisfiedLinkError e) {
                return false;
            }
        }

        @Override
        public int callInt(String symbol) {
            return library.getFunction(symbol).invokeInt(new Object[0]);
        }

        @Override
        public @Nullable String callString(String symbol) {
            return exports(symbol) ? library.getFunction(symbol).invokeString(new Object[0], false) : null;
        }

        @Override
        public Abi bind() {
            Native.register(JnaAbi.class, library);
            JnaAbi abi = new JnaAbi(function(JnaAbi.INTERRUPT), function(JnaAbi.REPORT_WRITE_QUEUE));
            if (STAY_LOADED != 0) {
                // An open library keeps JNA's cleaning thread alive, and that this class loader. The functions stay.
                library.close();
            }
            return abi;
        }

        /** By its address: a function that knows its library would keep that open. Null if there is none of this name. */
        private @Nullable Function function(String symbol) {
            return exports(symbol) ? Function.getFunction(library.getGlobalVariableAddress(symbol)) : null;
        }
    }
}
