package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns the engine's last error on this thread into an exception. */
final class Diagnostics {

    private static final Set<String> NOT_CONTEXT = Set.of(
            "version",
            "code",
            "code_name",
            "subcode",
            "sqlstate",
            "message",
            "retryable",
            "permanent",
            "redaction",
            "hint");

    private Diagnostics() {}

    /** Must run on the thread of the failed call, before any other native call. */
    static NativeException lastError(int status) {
        String json = lastErrorJson();
        if (json != null) {
            try {
                return fromJson(status, JSON.std.mapFrom(json));
            } catch (IOException | ClassCastException e) {
                NativeException failure = fromMessage(status);
                failure.addSuppressed(e);
                return failure;
            }
        }
        return fromMessage(status);
    }

    private static @Nullable String lastErrorJson() {
        Scratch scratch = Scratch.ofThread();
        int status = ABI.ddb_last_error_json(scratch.errorOut());
        return status == 0 ? scratch.takeErrorString() : null;
    }

    private static NativeException fromJson(int status, Map<String, Object> json) {
        Map<String, Object> context = new LinkedHashMap<>(json);
        context.keySet().removeAll(NOT_CONTEXT);
        context.values().removeIf(value -> value == null);
        String message = text(json, "message");
        return new NativeException(
                Status.of(status),
                orEmpty(text(json, "subcode")),
                text(json, "sqlstate"),
                message == null ? unexplained(status) : message,
                Boolean.TRUE.equals(json.get("retryable")),
                text(json, "hint"),
                context);
    }

    private static NativeException fromMessage(int status) {
        String message = ABI.cString(ABI.ddb_last_error_message());
        return new NativeException(
                Status.of(status), "", null, message.isEmpty() ? unexplained(status) : message, false, null, Map.of());
    }

    private static @Nullable String text(Map<String, Object> json, String key) {
        return json.get(key) instanceof String text ? text : null;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static String unexplained(int status) {
        return "the engine returned status " + status + " without a message";
    }
}
