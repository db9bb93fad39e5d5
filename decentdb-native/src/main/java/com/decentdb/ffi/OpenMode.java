package com.decentdb.ffi;

/** Whether the database file may or must exist when a database is opened. */
public enum OpenMode {
    /** Create the file; an existing file is an error. */
    CREATE,
    /** Open an existing file; a missing file is an error. */
    OPEN,
    /** Open the file, creating it if it is missing. */
    OPEN_OR_CREATE
}
