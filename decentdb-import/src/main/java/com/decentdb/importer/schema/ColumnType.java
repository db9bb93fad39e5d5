package com.decentdb.importer.schema;

import org.jspecify.annotations.Nullable;

/**
 * The type of a column in the target.
 *
 * @param kind what values it takes
 * @param ddl its name in a definition
 * @param element what the members of an array are; null unless it is one
 */
public record ColumnType(Kind kind, String ddl, @Nullable Kind element) {

    public static final ColumnType TEXT = new ColumnType(Kind.TEXT, "TEXT");
    public static final ColumnType INT64 = new ColumnType(Kind.INT64, "INT64");
    public static final ColumnType FLOAT64 = new ColumnType(Kind.FLOAT64, "FLOAT64");
    public static final ColumnType BLOB = new ColumnType(Kind.BLOB, "BLOB");

    public ColumnType(Kind kind, String ddl) {
        this(kind, ddl, null);
    }

    /** The engine's types. A {@code JSON} column is text that must be JSON, where the engine has them. */
    public enum Kind {
        INT64,
        FLOAT64,
        BOOL,
        TEXT,
        BLOB,
        DECIMAL,
        UUID,
        DATE,
        TIME,
        TIMESTAMP,
        TIMESTAMPTZ,
        INTERVAL,
        INET,
        CIDR,
        MACADDR,
        ENUM,
        JSON
    }
}
