package com.decentdb.importer.text;

/** The SQL that a text is written in. */
public enum Dialect {
    POSTGRESQL,
    SQLITE
}
