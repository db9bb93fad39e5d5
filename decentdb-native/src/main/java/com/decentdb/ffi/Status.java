package com.decentdb.ffi;

/** The outcome of a native call, by the code the C ABI returns. */
public enum Status {
    /** The call succeeded. No exception carries this status. */
    OK,
    /** The file system refused, or the database file could not be found, created, read or written. */
    IO,
    /** The database file is damaged or is not a database of this engine. */
    CORRUPTION,
    /** A NOT NULL, UNIQUE, CHECK or FOREIGN KEY constraint was violated. */
    CONSTRAINT,
    /** The transaction state does not allow the call, or a commit met a conflicting commit. */
    TRANSACTION,
    /** The SQL text, a parameter, an option or an argument was refused. */
    SQL,
    /** The engine found itself in a state it cannot explain; discard the handle. */
    INTERNAL,
    /** The engine stopped a call and cannot guarantee its own state; discard the handle. */
    PANIC,
    /** The database file was written in a format this engine does not open. */
    UNSUPPORTED_FORMAT_VERSION,
    /** Another handle holds the lock or slot, and the call does not wait. */
    BUSY,
    /** The bounded wait for a lock, for the write queue or for a watch event ended. */
    TIMEOUT,
    /** The call was cancelled before it started, or interrupted. */
    CANCELED,
    /** The write queue holds as many requests as it may. */
    QUEUE_FULL,
    /** The write queue no longer takes requests. */
    QUEUE_CLOSED;

    private static final Status[] BY_CODE = values();

    /**
     * Returns the number the C ABI uses for this status.
     *
     * @return the code, 0 for {@link #OK}
     */
    @SuppressWarnings("EnumOrdinal") // The C ABI numbers the constants in this order.
    public int code() {
        return ordinal();
    }

    /**
     * Returns the status for a code; a code this ABI does not define reads as {@link #INTERNAL}.
     *
     * @param code the number returned by a native call
     * @return the status
     */
    public static Status of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : INTERNAL;
    }

    /** The one place that examines a status. Call it at once, on the thread of the native call. */
    static void check(int status) {
        if (status != 0) {
            throw Diagnostics.lastError(status);
        }
    }
}
