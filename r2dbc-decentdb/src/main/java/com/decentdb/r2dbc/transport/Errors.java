package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.api.DecentDbErrorDetails;
import com.decentdb.r2dbc.api.OutcomeUnknownException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Makes every exception that users see: the SQLSTATE decides the class, and both it and the SQL text are set wherever they
 * are known.
 */
public final class Errors {

    /** The most characters of a name that a message shows. */
    private static final int LONGEST_NAME = 120;

    /** For the moment in which there is no memory for an error either. */
    @SuppressWarnings("StaticAssignmentOfThrowable")
    private static final R2dbcException OUT_OF_MEMORY =
            new DriverExceptions.TransientResource(
                    "There was not enough memory for it, nor for a closer description",
                    "53200",
                    0,
                    null,
                    null,
                    DriverExceptions.NO_DETAILS) {

                private static final long serialVersionUID = 1L;

                /** It is made before anything fails, so its stack would mislead. */
                @Override
                @SuppressWarnings("UnsynchronizedOverridesSynchronized")
                public Throwable fillInStackTrace() {
                    return this;
                }
            };

    private static final Mono<?> NO_MEMORY = Mono.error(OUT_OF_MEMORY);

    private Errors() {}

    /** The beginning of a name or value that is too long for a message, others as they are. */
    public static String shorten(String name) {
        return name.length() <= LONGEST_NAME
                ? name
                : name.substring(0, LONGEST_NAME) + ".. (" + name.length() + " characters)";
    }

    /** The error of work that memory was exhausted for, and for describing which. */
    public static R2dbcException outOfMemory() {
        return OUT_OF_MEMORY;
    }

    /** Fails with {@link #outOfMemory}; needs no memory. */
    @SuppressWarnings("unchecked") // It has no elements.
    static <T> Mono<T> noMemory() {
        return (Mono<T>) NO_MEMORY;
    }

    /** Whether work failed because there was no memory or no stack for it, and may be tried again. */
    public static boolean ofMemory(Throwable error) {
        return error instanceof VirtualMachineError
                || error.getCause() instanceof VirtualMachineError
                || (error instanceof R2dbcException known && "53200".equals(known.getSqlState()));
    }

    /**
     * Translates anything thrown; an {@link R2dbcException} gets the SQL text if it has none, and is otherwise kept. Needs no
     * memory if there is none.
     */
    public static R2dbcException map(Throwable error, @Nullable String sql) {
        try {
            return translate(error, sql);
        } catch (Throwable e) {
            return OUT_OF_MEMORY;
        }
    }

    private static R2dbcException translate(Throwable error, @Nullable String sql) {
        if (error instanceof R2dbcException known) {
            return sql == null || known.getSql() != null ? known : withSql(known, sql);
        }
        if (error instanceof IllegalArgumentException) {
            // A value that cannot be passed on, such as text that is not Unicode.
            return of("22021", String.valueOf(error.getMessage()), 0, sql, error);
        }
        if (error instanceof OutOfMemoryError) {
            return of("53200", "There was not enough memory for it: " + error.getMessage(), 0, sql, error);
        }
        if (error instanceof StackOverflowError) {
            return of("54001", "The stack of the thread was exhausted", 0, sql, error);
        }
        if (error instanceof RejectedExecutionException) {
            return of("08003", "The database is closed", 0, sql, error);
        }
        return of("XX000", "The driver failed: " + error, 0, sql, error);
    }

    /**
     * The error as a subscriber gets it. Reactor's operators throw an error that they take for fatal to the JVM instead of
     * passing it on, so that its subscriber would wait for ever: such an error becomes the cause of an exception of SQLSTATE
     * 53200, out of memory, or 38000, error of a program's function.
     */
    public static Throwable signal(Throwable error) {
        if (error instanceof OutOfMemoryError) {
            return map(error, null);
        }
        try {
            return error instanceof VirtualMachineError || error instanceof LinkageError || error instanceof ThreadDeath
                    ? of("38000", "A function of the program failed: " + error, 0, null, error)
                    : error;
        } catch (Throwable e) {
            return OUT_OF_MEMORY;
        }
    }

    /** An exception of the class that belongs to the SQLSTATE. */
    public static R2dbcException of(String sqlState, String message, @Nullable String sql) {
        return of(sqlState, message, 0, sql, null);
    }

    /** Like {@link #of(String, String, String)} with the code and the cause that a transport reports; never throws. */
    public static R2dbcException of(
            String sqlState, String message, int code, @Nullable String sql, @Nullable Throwable cause) {
        try {
            return create(sqlState, message, code, sql, cause, DriverExceptions.NO_DETAILS);
        } catch (Throwable e) {
            return OUT_OF_MEMORY;
        }
    }

    private static R2dbcException create(
            String sqlState,
            String message,
            int code,
            @Nullable String sql,
            @Nullable Throwable cause,
            DecentDbErrorDetails details) {
        return switch (sqlState.substring(0, 2)) {
            case "22", "23" ->
                new DriverExceptions.DataIntegrityViolation(message, sqlState, code, sql, cause, details);
            case "07", "0A", "26", "42" ->
                "42501".equals(sqlState)
                        ? new DriverExceptions.PermissionDenied(message, sqlState, code, sql, cause, details)
                        : new DriverExceptions.BadGrammar(message, sqlState, code, sql, cause, details);
            case "28" -> new DriverExceptions.PermissionDenied(message, sqlState, code, sql, cause, details);
            case "40" -> new DriverExceptions.Rollback(message, sqlState, code, sql, cause, details);
            case "53" -> new DriverExceptions.TransientResource(message, sqlState, code, sql, cause, details);
            case "57", "HY" -> new DriverExceptions.Timeout(message, sqlState, code, sql, cause, details);
            default ->
                "55P03".equals(sqlState)
                        ? new DriverExceptions.Timeout(message, sqlState, code, sql, cause, details)
                        : new DriverExceptions.NonTransientResource(message, sqlState, code, sql, cause, details);
        };
    }

    /** A failure of the connection to a database after which the same may succeed, whatever its SQLSTATE. */
    public static R2dbcTransientResourceException transientFailure(
            String sqlState, String message, int code, @Nullable String sql, @Nullable Throwable cause) {
        return new DriverExceptions.TransientResource(message, sqlState, code, sql, cause, DriverExceptions.NO_DETAILS);
    }

    /**
     * An error with a hint, which ends the message as well. Never throws.
     *
     * @param hint what helps, as an imperative; null for nothing known
     */
    public static R2dbcException withHint(
            String sqlState, String message, @Nullable String hint, int code, @Nullable Throwable cause) {
        return ofDatabase(
                sqlState, message, code, null, cause, new DecentDbErrorDetails(null, null, List.of(), null, "", hint));
    }

    /** The error of a database that says more than a message; that names all of it then. Never throws. */
    public static R2dbcException ofDatabase(
            String sqlState,
            String message,
            int code,
            @Nullable String sql,
            @Nullable Throwable cause,
            DecentDbErrorDetails details) {
        try {
            return create(sqlState, DriverExceptions.describe(message, details), code, sql, cause, details);
        } catch (Throwable e) {
            return OUT_OF_MEMORY;
        }
    }

    /** The error of every call on a closed connection. */
    public static R2dbcException closed() {
        return of("08003", "The connection is closed", null);
    }

    /** The error of beginning a transaction within another one. */
    public static R2dbcException transactionOpen() {
        return of("25001", "A transaction is open already on this connection", null);
    }

    /** The error of changing a transaction where there is none. */
    public static R2dbcException noTransaction() {
        return of("25P01", "No transaction is open", null);
    }

    /** The error of what would wait for a lock that the connection's own transaction may hold. */
    public static R2dbcException waitsForTransaction(String what) {
        return of("25001", what + " waits for the open transaction of this connection; end it first", null);
    }

    /** The error of statements of a transaction that did nothing for too long. */
    public static R2dbcException idleTooLong(Duration timeout, @Nullable String sql) {
        return of(
                "25P03",
                "The transaction was rolled back because it did nothing for longer than idleTransactionTimeout, which is "
                        + timeout.toMillis() + " ms; begin another one",
                sql);
    }

    /** The error of reading on in a result of a connection that was given back. */
    public static R2dbcException givenBack() {
        return of("24000", "The connection was given back before all rows of the result were read", null);
    }

    private static R2dbcException withSql(R2dbcException known, String sql) {
        String message = String.valueOf(known.getMessage());
        Throwable cause = known.getCause() == null ? known : known.getCause();
        if (known instanceof OutcomeUnknownException) {
            return new OutcomeUnknownException(message, known.getErrorCode(), sql, cause);
        }
        String state = String.valueOf(known.getSqlState());
        DecentDbErrorDetails details = known instanceof DecentDbErrorDetails.Holder holder
                ? holder.errorDetails()
                : DriverExceptions.NO_DETAILS;
        return known instanceof R2dbcTransientResourceException
                ? new DriverExceptions.TransientResource(message, state, known.getErrorCode(), sql, cause, details)
                : create(state, message, known.getErrorCode(), sql, cause, details);
    }
}
