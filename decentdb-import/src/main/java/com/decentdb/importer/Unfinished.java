package com.decentdb.importer;

/** The treatment of an import with commits in between that was not finished, and whose tables are there with a part of their rows. */
public enum Unfinished {
    /** It ends the import, with what there is of it in the message. */
    REFUSE,
    /** The import goes on behind the last row that was committed. One that is not there is begun. */
    RESUME,
    /** The tables that it made are dropped, and the import begins again. */
    RESTART
}
