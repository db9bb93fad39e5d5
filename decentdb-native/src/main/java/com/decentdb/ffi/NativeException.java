package com.decentdb.ffi;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The engine refused a call. The exception carries the engine's diagnostic unchanged. */
public final class NativeException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final Status status;
    private final String subcode;
    private final @Nullable String sqlState;
    private final boolean retryable;
    private final @Nullable String hint;
    private final transient Map<String, Object> context;

    /**
     * Creates an exception from the parts of a diagnostic.
     *
     * @param status the status of the call
     * @param subcode the engine's stable name of the error, such as {@code sql.syntax}; empty if it gave none
     * @param sqlState the SQLSTATE, if the engine gave one
     * @param message the message for people
     * @param retryable whether the engine calls the error transient
     * @param hint the engine's suggestion, if it gave one
     * @param context further fields such as {@code relation}, {@code column}, {@code constraint}
     */
    public NativeException(
            Status status,
            String subcode,
            @Nullable String sqlState,
            String message,
            boolean retryable,
            @Nullable String hint,
            Map<String, Object> context) {
        super(message);
        this.status = status;
        this.subcode = subcode;
        this.sqlState = sqlState;
        this.retryable = retryable;
        this.hint = hint;
        this.context = Collections.unmodifiableMap(new LinkedHashMap<>(context));
    }

    /**
     * Returns the status of the call.
     *
     * @return the status, never {@link Status#OK}
     */
    public Status status() {
        return status;
    }

    /**
     * Returns the engine's stable name of the error, such as {@code sql.syntax}.
     *
     * @return the name, empty if the engine gave none
     */
    public String subcode() {
        return subcode;
    }

    /**
     * Returns the SQLSTATE.
     *
     * @return five characters, or {@code null} if the engine gave none
     */
    public @Nullable String sqlState() {
        return sqlState;
    }

    /**
     * Returns whether the engine calls the error transient.
     *
     * @return {@code true} if the same call may succeed later
     */
    public boolean retryable() {
        return retryable;
    }

    /**
     * Returns the engine's suggestion.
     *
     * @return the hint, or {@code null}
     */
    public @Nullable String hint() {
        return hint;
    }

    /**
     * Returns the remaining fields of the diagnostic, such as {@code relation}, {@code column} or {@code constraint}.
     *
     * @return an unmodifiable map in the engine's order
     */
    public Map<String, Object> context() {
        return context == null ? Map.of() : context;
    }
}
