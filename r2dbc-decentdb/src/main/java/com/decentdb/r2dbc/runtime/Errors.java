package com.decentdb.r2dbc.runtime;

import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibraryException;
import com.decentdb.ffi.Status;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes every exception users see: the SQLSTATE decides the class, and both it and the SQL text are always set where
 * they are known. Engines name some errors by their text alone, so known texts are looked at first.
 */
public final class Errors {

    /** Anything the engine calls an SQL error without saying which. */
    private static final String UNKNOWN_SQL_ERROR = "42000";

    private record KnownText(Status status, Pattern text, String sqlState) {}

    private static final List<KnownText> KNOWN_TEXTS = List.of(
            known(Status.TRANSACTION, "^transaction conflict", "40001"),
            known(Status.CONSTRAINT, "may not be NULL$", "23502"),
            known(Status.CONSTRAINT, "^unique constraint .* was violated$", "23505"),
            known(Status.CONSTRAINT, "^foreign key on .* references missing parent row", "23503"),
            known(Status.CONSTRAINT, "^(DELETE|UPDATE) on .* violates a foreign key", "23503"),
            known(Status.CONSTRAINT, "^CHECK constraint failed", "23514"),
            known(Status.CONSTRAINT, "^invalid ENUM label|^column .* requires .* values", "22P02"),
            known(Status.SQL, "^expected exactly one SQL statement", "42601"),
            known(Status.SQL, "^invalid .* cast$", "22P02"),
            known(Status.SQL, "division by zero", "22012"));

    private Errors() {}

    /** Translates what a database thread threw; an R2dbcException at most gets the SQL text it lacks. */
    public static R2dbcException map(Throwable error, @Nullable String sql) {
        if (error instanceof R2dbcException known) {
            return sql == null || known.getSql() != null ? known : withSql(known, sql);
        }
        if (error instanceof NativeException e) {
            return of(sqlState(e), describe(e), e.status().code(), sql, e);
        }
        if (error instanceof NativeLibraryException) {
            return of("58P01", String.valueOf(error.getMessage()), 0, sql, error);
        }
        if (error instanceof IllegalArgumentException) {
            // What the binding refuses to pass on, such as text that is no Unicode.
            return of("22021", String.valueOf(error.getMessage()), 0, sql, error);
        }
        if (error instanceof RejectedExecutionException) {
            return of("08003", "The database is closed", 0, sql, error);
        }
        return of("XX000", "The driver failed: " + error, 0, sql, error);
    }

    /** An exception of the class that belongs to the SQLSTATE. */
    public static R2dbcException of(String sqlState, String message, @Nullable String sql) {
        return of(sqlState, message, 0, sql, null);
    }

    /** Like {@link #of(String, String, String)} with the engine's code and the cause. */
    static R2dbcException of(String sqlState, String message, int code, Throwable cause) {
        return of(sqlState, message, code, null, cause);
    }

    /** Whether the handle that reported this must not be used any further. */
    static boolean breaksHandle(Throwable error) {
        return error instanceof NativeException e
                && (e.status() == Status.PANIC
                        || (e.status() == Status.INTERNAL
                                && String.valueOf(e.getMessage()).contains("poison")));
    }

    private static R2dbcException withSql(R2dbcException known, String sql) {
        return of(
                String.valueOf(known.getSqlState()),
                String.valueOf(known.getMessage()),
                known.getErrorCode(),
                sql,
                known.getCause() == null ? known : known.getCause());
    }

    /** What a closed connection says to everything. */
    public static R2dbcException closed() {
        return of("08003", "The connection is closed", null);
    }

    private static R2dbcException of(
            String state, String message, int code, @Nullable String sql, @Nullable Throwable cause) {
        return switch (state.substring(0, 2)) {
            case "22", "23" -> new R2dbcDataIntegrityViolationException(message, state, code, sql, cause);
            case "07", "0A", "26", "42" ->
                "42501".equals(state)
                        ? new R2dbcPermissionDeniedException(message, state, code, sql, cause)
                        : new R2dbcBadGrammarException(message, state, code, sql, cause);
            case "28" -> new R2dbcPermissionDeniedException(message, state, code, sql, cause);
            case "40" -> new R2dbcRollbackException(message, state, code, sql, cause);
            case "53" -> new R2dbcTransientResourceException(message, state, code, sql, cause);
            case "55", "57", "HY" -> new R2dbcTimeoutException(message, state, code, sql, cause);
            default -> new R2dbcNonTransientResourceException(message, state, code, sql, cause);
        };
    }

    private static String sqlState(NativeException e) {
        String message = String.valueOf(e.getMessage());
        for (KnownText known : KNOWN_TEXTS) {
            if (known.status == e.status() && known.text.matcher(message).find()) {
                return known.sqlState;
            }
        }
        String given = e.sqlState();
        if (given != null && given.length() == 5) {
            return given;
        }
        return switch (e.status()) {
            case IO -> e.subcode().equals("io.not_found") ? "58P01" : "58030";
            case CORRUPTION -> "XX001";
            case CONSTRAINT -> "23000";
            case TRANSACTION -> "25000";
            case SQL -> UNKNOWN_SQL_ERROR;
            case UNSUPPORTED_FORMAT_VERSION -> "58000";
            case BUSY -> "55P03";
            case TIMEOUT -> "HYT00";
            case CANCELED -> "57014";
            case QUEUE_FULL -> "53000";
            case QUEUE_CLOSED -> "08003";
            default -> "XX000";
        };
    }

    private static String describe(NativeException e) {
        String message = String.valueOf(e.getMessage());
        String hint = e.hint();
        return hint == null || hint.isEmpty() ? message : message + " (" + hint + ")";
    }

    private static KnownText known(Status status, String text, String sqlState) {
        return new KnownText(status, Pattern.compile(text, Pattern.CASE_INSENSITIVE), sqlState);
    }
}
