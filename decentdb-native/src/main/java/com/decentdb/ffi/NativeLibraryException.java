package com.decentdb.ffi;

import org.jspecify.annotations.Nullable;

/** No usable native library was found, or a second one was asked for. The message lists what was tried and what to do. */
public final class NativeLibraryException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    NativeLibraryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
