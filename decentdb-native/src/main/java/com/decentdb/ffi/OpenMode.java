package com.decentdb.ffi;

/** Whether opening a database creates its file. */
public enum OpenMode {
    /** The engine creates the file; an existing file is an error. */
    CREATE,
    /** The engine opens an existing file; a missing file is an error. */
    OPEN,
    /** The engine opens the file, and creates it if it is missing. */
    OPEN_OR_CREATE
}
