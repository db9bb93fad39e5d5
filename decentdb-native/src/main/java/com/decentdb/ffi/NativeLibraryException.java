package com.decentdb.ffi;

import org.jspecify.annotations.Nullable;

/**
 * There is no usable native library, or a caller requested a second one. The message lists the places tried and a
 * remedy.
 */
public final class NativeLibraryException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    NativeLibraryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
