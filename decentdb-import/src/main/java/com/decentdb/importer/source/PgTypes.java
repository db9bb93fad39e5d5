package com.decentdb.importer.source;

import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.ColumnType.Kind;
import com.decentdb.importer.text.Dialect;
import com.decentdb.importer.text.Names;
import com.decentdb.importer.text.Token;
import com.decentdb.importer.text.TokenReader;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's types in the engine. */
final class PgTypes {

    private static final Pattern FORM =
            Pattern.compile("([^(\\[]+?)\\s*(?:\\(([^)]*)\\))?\\s*((?:with|without) time zone)?\\s*((?:\\[\\d*\\])*)");

    /** Types whose text the engine keeps as text. */
    private static final String AS_TEXT =
            "a type that the engine does not have; its text form is kept in a TEXT column";

    /** The labels of enums by their names. */
    final Map<String, List<String>> enums = new LinkedHashMap<>();

    /** A type, and what the report says about it if it is not the same in the engine. */
    record Mapped(ColumnType type, @Nullable String change) {
        Mapped(ColumnType type) {
            this(type, null);
        }
    }

    /**
     * Which values PostgreSQL's type has and the engine's has not: numbers with more digits, addresses with a mask, {@code NaN}, the
     * infinite dates, those before our era and behind the year 9999, and the end of a day. Null if there are none.
     */
    static @Nullable Predicate<String> misfits(ColumnType type, String declared) {
        return switch (type.kind()) {
            case INET -> value -> value.indexOf('/') >= 0;
            case DECIMAL -> declared.indexOf('(') < 0 ? value -> !isDecimal(value) : "NaN"::equals;
            case FLOAT64 -> "NaN"::equals;
            case DATE, TIMESTAMP, TIMESTAMPTZ ->
                value -> value.endsWith("infinity") || value.endsWith(" BC") || value.indexOf('-') > 4;
            case TIME -> value -> value.startsWith("24:");
            default -> null;
        };
    }

    private static boolean isDecimal(String value) {
        try {
            BigDecimal number = new BigDecimal(value);
            return number.precision() <= 18 && number.scale() <= 18 && number.scale() >= 0;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** A type with its name as those that the dump defines are known by, without quotes and without the plain schema. */
    static String plain(String declared) {
        TokenReader reader = new TokenReader(declared, 0, Dialect.POSTGRESQL);
        if (!reader.peek().isName()) {
            return declared;
        }
        Token first = reader.peek();
        return reader.qualifiedName()
                + declared.substring(reader.textSince(first).length());
    }

    Mapped map(String declared) {
        Matcher form = FORM.matcher(plain(declared));
        if (!form.matches()) {
            return new Mapped(ColumnType.TEXT, declared + " is " + AS_TEXT);
        }
        String base = form.group(1).trim();
        @Nullable String sizes = form.group(2);
        String zone = form.group(3) == null ? "" : form.group(3);
        if (!form.group(4).isEmpty()) {
            Kind element = scalar(base, null, zone, declared).type().kind();
            return new Mapped(
                    new ColumnType(Kind.JSON, "JSON", element),
                    declared + " is an array, which the engine does not have; it is kept as the text of a JSON array");
        }
        return scalar(base, sizes, zone, declared);
    }

    private Mapped scalar(String base, @Nullable String sizes, String zone, String declared) {
        String sized = sizes == null ? "" : "(" + sizes + ")";
        if (base.startsWith("interval ")) {
            return new Mapped(new ColumnType(Kind.INTERVAL, "INTERVAL"));
        }
        return switch (base) {
            case "smallint", "int2", "smallserial" -> new Mapped(new ColumnType(Kind.INT64, "SMALLINT"));
            case "integer", "int", "int4", "serial" -> new Mapped(new ColumnType(Kind.INT64, "INTEGER"));
            case "bigint", "int8", "bigserial" -> new Mapped(new ColumnType(Kind.INT64, "BIGINT"));
            case "oid" -> new Mapped(ColumnType.INT64);
            case "real", "float4" -> new Mapped(new ColumnType(Kind.FLOAT64, "REAL"));
            case "double precision", "float8" -> new Mapped(new ColumnType(Kind.FLOAT64, "DOUBLE PRECISION"));
            case "boolean", "bool" -> new Mapped(new ColumnType(Kind.BOOL, "BOOL"));
            case "text" -> new Mapped(ColumnType.TEXT);
            case "character varying", "varchar" -> new Mapped(new ColumnType(Kind.TEXT, "VARCHAR" + sized));
            case "character", "char", "bpchar" ->
                sizes == null ? new Mapped(ColumnType.TEXT) : new Mapped(new ColumnType(Kind.TEXT, "CHAR" + sized));
            case "numeric", "decimal" -> numeric(sizes, declared);
            case "bytea" -> new Mapped(ColumnType.BLOB);
            case "uuid" -> new Mapped(new ColumnType(Kind.UUID, "UUID"));
            case "date" -> new Mapped(new ColumnType(Kind.DATE, "DATE"));
            case "time" ->
                zone.startsWith("with ")
                        ? new Mapped(ColumnType.TEXT, declared + " is " + AS_TEXT)
                        : new Mapped(new ColumnType(Kind.TIME, "TIME"));
            case "timestamp" ->
                zone.startsWith("with ")
                        ? new Mapped(new ColumnType(Kind.TIMESTAMPTZ, "TIMESTAMPTZ"))
                        : new Mapped(new ColumnType(Kind.TIMESTAMP, "TIMESTAMP"));
            case "timestamptz" -> new Mapped(new ColumnType(Kind.TIMESTAMPTZ, "TIMESTAMPTZ"));
            case "interval" -> new Mapped(new ColumnType(Kind.INTERVAL, "INTERVAL"));
            case "inet" -> new Mapped(new ColumnType(Kind.INET, "INET"));
            case "cidr" -> new Mapped(new ColumnType(Kind.CIDR, "CIDR"));
            case "macaddr", "macaddr8" -> new Mapped(new ColumnType(Kind.MACADDR, "MACADDR"));
            case "json", "jsonb" -> new Mapped(new ColumnType(Kind.JSON, "JSON"));
            default -> named(base, declared);
        };
    }

    /** A type that the dump defines itself, or one that is not known. */
    private Mapped named(String base, String declared) {
        List<String> labels = enums.getOrDefault(base, List.of());
        return labels.isEmpty()
                ? new Mapped(ColumnType.TEXT, declared + " is " + AS_TEXT)
                : new Mapped(new ColumnType(
                        Kind.ENUM, labels.stream().map(Names::literal).collect(Collectors.joining(",", "ENUM(", ")"))));
    }

    private static Mapped numeric(@Nullable String sizes, String declared) {
        if (sizes == null) {
            return new Mapped(new ColumnType(Kind.DECIMAL, "DECIMAL"));
        }
        int comma = sizes.indexOf(',');
        int precision = Integer.parseInt((comma < 0 ? sizes : sizes.substring(0, comma)).trim());
        int scale = comma < 0 ? 0 : Integer.parseInt(sizes.substring(comma + 1).trim());
        if (precision > 18 || scale < 0 || scale > precision) {
            return new Mapped(
                    ColumnType.TEXT,
                    declared
                            + " may have more digits than the 18 of the engine's DECIMAL; it is kept, exactly, in a TEXT column");
        }
        return new Mapped(new ColumnType(Kind.DECIMAL, "DECIMAL(" + precision + "," + scale + ")"));
    }
}
