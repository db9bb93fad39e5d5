package com.decentdb.r2dbc.api;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A write was sent to a cluster, and whether it was committed cannot be known: the leader failed, or gave no answer, before it
 * confirmed the commit. The SQLSTATE is {@value #SQL_STATE}. The driver never repeats such a write, and since this is no transient
 * error, templates that retry do not either: read first whether it is there. Every other error of a write means that it was not
 * executed.
 */
public final class OutcomeUnknownException extends R2dbcNonTransientResourceException
        implements DecentDbErrorDetails.Holder {

    /** Transaction resolution unknown. */
    public static final String SQL_STATE = "08007";

    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param message why nobody knows
     * @param code the code of the server, 0 for none
     * @param sql the write, null if it is unknown
     * @param cause what broke, null for nothing but silence
     */
    public OutcomeUnknownException(String message, int code, @Nullable String sql, @Nullable Throwable cause) {
        super(message, SQL_STATE, code, sql, cause);
    }

    @Override
    public DecentDbErrorDetails errorDetails() {
        int code = getErrorCode();
        return new DecentDbErrorDetails(null, null, List.of(), null, code == 0 ? "" : Integer.toString(code), null);
    }
}
