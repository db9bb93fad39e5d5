package com.decentdb.importer.schema;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    private static final Pattern NAMED =
            Pattern.compile("([A-Z0-9]+(?: PRECISION)?)\\s*(\\(\\s*\\d+\\s*(?:,\\s*\\d+\\s*)?\\))?");

    public ColumnType(Kind kind, String ddl) {
        this(kind, ddl, null);
    }

    /** The engine's types. A {@code JSON} column is text that must be JSON, where the engine has them; {@code ANY} takes every value as it is. */
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
        JSON,
        ANY
    }

    /** The type that somebody names, such as {@code DECIMAL(10,2)}; null if there is none of that name. */
    public static @Nullable ColumnType named(String text) {
        Matcher form = NAMED.matcher(text.trim().toUpperCase(Locale.ROOT));
        if (!form.matches()) {
            return null;
        }
        String sizes = form.group(2) == null ? "" : form.group(2).replace(" ", "");
        String name = form.group(1);
        @Nullable
        Kind kind = switch (name) {
            case "INT64", "INTEGER", "INT", "BIGINT", "SMALLINT" -> Kind.INT64;
            case "FLOAT64", "REAL", "FLOAT", "DOUBLE", "DOUBLE PRECISION" -> Kind.FLOAT64;
            case "BOOL", "BOOLEAN" -> Kind.BOOL;
            case "TEXT", "VARCHAR", "CHAR" -> Kind.TEXT;
            case "BLOB", "BYTEA" -> Kind.BLOB;
            case "DECIMAL", "NUMERIC" -> Kind.DECIMAL;
            case "UUID" -> Kind.UUID;
            case "DATE" -> Kind.DATE;
            case "TIME" -> Kind.TIME;
            case "TIMESTAMP" -> Kind.TIMESTAMP;
            case "TIMESTAMPTZ" -> Kind.TIMESTAMPTZ;
            case "INTERVAL" -> Kind.INTERVAL;
            case "INET" -> Kind.INET;
            case "CIDR" -> Kind.CIDR;
            case "MACADDR" -> Kind.MACADDR;
            case "JSON" -> Kind.JSON;
            default -> null;
        };
        boolean sized = name.equals("VARCHAR") || name.equals("CHAR") || kind == Kind.DECIMAL;
        if (kind == null || (!sizes.isEmpty() && !sized)) {
            return null;
        }
        return new ColumnType(kind, (name.equals("DOUBLE") ? "DOUBLE PRECISION" : name) + sizes);
    }

    /** The type of a cluster, where SQLite gives types to values: a declared one must convert no value, and end no node. */
    public ColumnType onCluster() {
        return switch (kind) {
            case INT64 -> new ColumnType(kind, "INTEGER");
            case FLOAT64 -> new ColumnType(kind, "REAL");
            case BOOL -> new ColumnType(kind, "INTEGER");
            case BLOB, ANY -> this;
            case DECIMAL, UUID, DATE, TIMESTAMP, TIMESTAMPTZ, JSON -> new ColumnType(kind, "TEXT", element);
            case TEXT, TIME, INTERVAL, INET, CIDR, MACADDR, ENUM -> TEXT;
        };
    }
}
