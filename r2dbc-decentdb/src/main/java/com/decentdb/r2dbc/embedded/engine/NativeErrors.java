package com.decentdb.r2dbc.embedded.engine;

import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibraryException;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;

/** Translates what native calls throw. Engines name some errors by their text alone, so known texts are looked at first. */
public final class NativeErrors {

    /** Anything the engine calls an SQL error without a closer code. */
    private static final String UNKNOWN_SQL_ERROR = "42000";

    /** The database is encrypted with another key than the one that was given. */
    public static final String WRONG_KEY = "28P01";

    /** A key was given for a database that is not encrypted, or none for one that is. */
    public static final String KEY_MISMATCH = "28000";

    private record KnownText(Status status, Pattern text, String sqlState) {}

    private static final List<KnownText> KNOWN_TEXTS = List.of(
            known(Status.TRANSACTION, "^transaction conflict", "40001"),
            known(Status.CONSTRAINT, "may not be NULL$", "23502"),
            known(Status.CONSTRAINT, "^unique constraint .* was violated$", "23505"),
            known(Status.CONSTRAINT, "^foreign key on .* references missing parent row", "23503"),
            known(Status.CONSTRAINT, "^(DELETE|UPDATE) on .* violates a foreign key", "23503"),
            known(Status.CONSTRAINT, "^CHECK constraint failed", "23514"),
            known(Status.CONSTRAINT, "^invalid ENUM label|^column .* requires .* values", "22P02"),
            known(Status.CORRUPTION, "could not be opened with the supplied encryption key$", WRONG_KEY),
            known(Status.CORRUPTION, "^database is encrypted|is not encrypted with", KEY_MISMATCH),
            known(Status.SQL, "^expected exactly one SQL statement", "42601"),
            known(Status.SQL, "^invalid .* cast$", "22P02"),
            known(Status.SQL, "^unsupported scalar function ", "42883"));

    private NativeErrors() {}

    /**
     * Makes errors of each kind, so that their classes are there when memory runs out: the JVM never initialises a class again that it
     * could not initialise once.
     */
    public static void prepare() {
        List<Throwable> causes = List.of(
                new NativeException(Status.INTERNAL, "", null, "", false, null, Map.of()),
                new NativeException(Status.SQL, "", "42601", "", false, "", Map.of("column", "")),
                new OutOfMemoryError(),
                new StackOverflowError(),
                new RejectedExecutionException(),
                new IllegalStateException());
        for (Throwable cause : causes) {
            Exceptions.throwIfFatal(Errors.signal(map(cause, "")));
        }
        for (String sqlState : List.of("08003", "22000", "40000", "42000", "42501", "53200", "57014")) {
            Exceptions.throwIfFatal(Errors.of(sqlState, "", null));
        }
    }

    /** Translates what a lane threw when it ran a statement; null for a call that runs none. */
    public static R2dbcException ofStatement(Throwable error, @Nullable SqlCommand sql) {
        String source = sql == null ? null : sql.source();
        return error instanceof NativeException e ? translate(e, source, sql) : map(error, source);
    }

    /** Translates what a lane threw, with the SQL text where the error has none. */
    public static R2dbcException map(Throwable error, @Nullable String sql) {
        if (error instanceof NativeException e) {
            return translate(e, sql, null);
        }
        if (error instanceof NativeLibraryException) {
            return Errors.of("58P01", String.valueOf(error.getMessage()), 0, sql, error);
        }
        return Errors.map(error, sql);
    }

    private static R2dbcException translate(NativeException e, @Nullable String sql, @Nullable SqlCommand statement) {
        try {
            String message = String.valueOf(e.getMessage());
            return Errors.ofDatabase(
                    sqlState(e), message, e.status().code(), sql, e, NativeDetails.of(e, message, statement));
        } catch (Throwable none) {
            return Errors.outOfMemory();
        }
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

    private static KnownText known(Status status, String text, String sqlState) {
        return new KnownText(status, Pattern.compile(text, Pattern.CASE_INSENSITIVE), sqlState);
    }
}
