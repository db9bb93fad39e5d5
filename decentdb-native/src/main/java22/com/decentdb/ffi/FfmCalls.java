package com.decentdb.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Calls a native function through its handle, one method for each list of parameters. With a constant handle the JIT
 * makes a plain call of it.
 */
final class FfmCalls {

    private FfmCalls() {}

    static long address(MethodHandle function) {
        try {
            return (long) function.invokeExact();
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static long address(MethodHandle function, long a) {
        try {
            return (long) function.invokeExact(a);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function) {
        try {
            return (int) function.invokeExact();
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a) {
        try {
            return (int) function.invokeExact(a);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, long b) {
        try {
            return (int) function.invokeExact(a, b);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, long b, long c) {
        try {
            return (int) function.invokeExact(a, b, c);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, long b, long c, long d) {
        try {
            return (int) function.invokeExact(a, b, c, d);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, long b, long c, long d, long e) {
        try {
            return (int) function.invokeExact(a, b, c, d, e);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, long b, long c, long d, long e, long f) {
        try {
            return (int) function.invokeExact(a, b, c, d, e, f);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, long b, long c, long d, long e, long f, long g, long h) {
        try {
            return (int) function.invokeExact(a, b, c, d, e, f, g, h);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, int b, long c) {
        try {
            return (int) function.invokeExact(a, b, c);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, long b, byte c) {
        try {
            return (int) function.invokeExact(a, b, c);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, long b, double c) {
        try {
            return (int) function.invokeExact(a, b, c);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, long b, long c, byte d) {
        try {
            return (int) function.invokeExact(a, b, c, d);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, long a, byte b, long c, long d, long e, long f) {
        try {
            return (int) function.invokeExact(a, b, c, d, e, f);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    static int call(MethodHandle function, byte[] a) {
        try (Arena memory = Arena.ofConfined()) {
            return call(function, copy(memory, a));
        }
    }

    static int call(MethodHandle function, long a, byte[] b) {
        try (Arena memory = Arena.ofConfined()) {
            return call(function, a, copy(memory, b));
        }
    }

    static int call(MethodHandle function, long a, byte[] b, long c) {
        try (Arena memory = Arena.ofConfined()) {
            return call(function, a, copy(memory, b), c);
        }
    }

    static int call(MethodHandle function, byte[] a, byte[] b, long c) {
        try (Arena memory = Arena.ofConfined()) {
            return call(function, copy(memory, a), copy(memory, b), c);
        }
    }

    static int call(MethodHandle function, long a, byte[] b, byte[] c, long d) {
        try (Arena memory = Arena.ofConfined()) {
            return call(function, a, copy(memory, b), copy(memory, c), d);
        }
    }

    static int call(MethodHandle function, long a, byte[] b, long c, long d, long e) {
        try (Arena memory = Arena.ofConfined()) {
            return call(function, a, copy(memory, b), c, d, e);
        }
    }

    static int call(MethodHandle function, long a, byte[] b, long c, long d, long e, long f) {
        try (Arena memory = Arena.ofConfined()) {
            return call(function, a, copy(memory, b), c, d, e, f);
        }
    }

    /** The copy lives as long as the call. If there is no memory for it, the function is not called. */
    private static long copy(Arena memory, byte[] bytes) {
        return memory.allocateFrom(ValueLayout.JAVA_BYTE, bytes).address();
    }

    /** A handle throws nothing of its own, but the JVM may: an overflow of the stack, or no memory before the call. */
    private static Error unexpected(Throwable failure) {
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        return failure instanceof Error error ? error : new LinkageError("a native call failed", failure);
    }
}
