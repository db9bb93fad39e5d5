package com.decentdb.importer;

/** The treatment of rows that the target, or the form of the source, does not allow. */
public enum OnError {
    /** The first such row ends the import, which leaves nothing. */
    STOP,
    /** Such rows are left out and listed in the report. */
    SKIP
}
