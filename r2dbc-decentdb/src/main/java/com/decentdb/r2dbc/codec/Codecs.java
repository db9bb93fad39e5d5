package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.DecentDbType;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.Type;
import java.util.Calendar;
import java.util.Collection;
import java.util.Date;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The registry of {@link Codec}s: one per Java type, found by class. Thread-safe. */
public final class Codecs {

    /** The names of the columns of a result, for messages. */
    @FunctionalInterface
    public interface ColumnNames {

        /** The name of a column, counted from 0. */
        String name(int column);
    }

    private static final Map<Class<?>, Class<?>> PRIMITIVES = Map.of(
            Long.class, long.class,
            Integer.class, int.class,
            Short.class, short.class,
            Byte.class, byte.class,
            Double.class, double.class,
            Float.class, float.class,
            Boolean.class, boolean.class,
            Character.class, char.class);

    private static final Codecs INSTANCE = new Codecs(Codecs.class.getClassLoader());

    /** By the classes users name, primitive ones included. */
    private final Map<Class<?>, Codec<?>> byClass;

    private final List<Codec<?>> inOrder;
    private final Map<DecentDbType, Codec<?>> defaults = new EnumMap<>(DecentDbType.class);
    private final List<String> refusedExtensions;

    /** The codecs found for classes without a direct one; as long-lived as the class. */
    private final ClassValue<Optional<Codec<?>>> derived = new ClassValue<>() {
        @Override
        protected Optional<Codec<?>> computeValue(Class<?> type) {
            return derive(type);
        }
    };

    /** All that comes with the driver and all extensions that {@code services} knows. */
    Codecs(ClassLoader services) {
        Map<Class<?>, Codec<?>> standard = new LinkedHashMap<>();
        StandardCodecs.all().forEach(codec -> standard.put(codec.javaType(), codec));
        CodecExtensions extensions = CodecExtensions.load(services, standard);
        // An application's own word on a class goes before what the class happens to implement.
        this.inOrder = Stream.concat(extensions.codecs().stream(), standard.values().stream())
                .toList();
        this.refusedExtensions = extensions.refusals();
        this.byClass = new HashMap<>();
        inOrder.forEach(codec -> byClass.put(codec.javaType(), codec));
        PRIMITIVES.forEach((box, primitive) -> byClass.put(primitive, standard.get(box)));
        for (DecentDbType type : DecentDbType.values()) {
            Codec<?> codec = standard.get(type.getJavaType());
            if (codec != null) {
                defaults.put(type, codec);
            }
        }
    }

    public static Codecs instance() {
        return INSTANCE;
    }

    /** The classes that the driver itself binds and reads, without those that extensions add. */
    public static List<Class<?>> standardTypes() {
        return StandardCodecs.all().stream().<Class<?>>map(Codec::javaType).toList();
    }

    /**
     * Turns an argument into a value of the engine.
     *
     * @throws IllegalArgumentException if the class cannot be bound or the value does not fit
     */
    public Value encode(Object argument) {
        return encode(argument, false);
    }

    /**
     * Like {@link #encode(Object)}.
     *
     * @param textForNumbers whether a decimal with more digits than engines hold becomes text, because the transport stores
     *     decimals as text anyway
     */
    public Value encode(Object argument, boolean textForNumbers) {
        Codec<?> codec = find(argument.getClass());
        Collection<?> members = codec == null ? ArrayText.members(argument) : null;
        if (members != null) {
            return ArrayText.of(members.stream()
                    .map(member -> member == null ? Value.NULL : encodeMember(member, textForNumbers))
                    .toList());
        }
        if (codec == null) {
            throw new IllegalArgumentException("A value of " + argument.getClass() + " cannot be bound; bind "
                    + (argument instanceof Date || argument instanceof Calendar
                            ? "the Instant, LocalDate, LocalTime or LocalDateTime it stands for"
                            : "one of " + supported())
                    + ", or teach the driver with a CodecExtension" + refusals());
        }
        try {
            return codec.encode(argument);
        } catch (Misfit e) {
            String text = textForNumbers ? e.text() : null;
            if (text != null) {
                return new Value.Text(text);
            }
            throw new IllegalArgumentException(
                    "The " + codec.javaType().getSimpleName() + " cannot be bound: " + e.getMessage(), e);
        }
    }

    /** Whether an argument is a collection or an array that becomes the text of one. */
    public boolean encodesAsArray(Object argument) {
        return find(argument.getClass()) == null && ArrayText.members(argument) != null;
    }

    private Value encodeMember(Object member, boolean textForNumbers) {
        if (encodesAsArray(member)) {
            throw new IllegalArgumentException(
                    "A collection cannot be a member of an array that is bound; bind the JSON of the whole as text");
        }
        return encode(member, textForNumbers);
    }

    /**
     * Like {@link #encode(Object)} with the type the user named. The type only matters where the class of the value does not
     * decide: bytes may be WKB.
     */
    public Value encode(Object argument, Type type, boolean textForNumbers) {
        Value value = encode(argument, textForNumbers);
        if (type == DecentDbType.GEOMETRY && value instanceof Value.Blob wkb) {
            return new Value.Geometry(wkb.value());
        }
        if (type == DecentDbType.GEOGRAPHY) {
            if (value instanceof Value.Blob wkb) {
                return new Value.Geography(wkb.value());
            } else if (value instanceof Value.Geometry geometry) {
                return new Value.Geography(geometry.wkb());
            }
        }
        return value;
    }

    /**
     * Reads a cell as the given class; {@code Object} asks for the default class of its type.
     *
     * @return null for SQL NULL
     * @throws IllegalArgumentException if no cell of that type can be read as that class
     * @throws R2dbcDataIntegrityViolationException if this one cannot, or not without loss
     */
    @SuppressWarnings("unchecked")
    public <T> @Nullable T decode(RowBatch rows, int row, int column, Class<T> requested, ColumnNames names) {
        if (rows.isNull(row, column)) {
            return null;
        }
        DecentDbType type = rows.type(row, column);
        if (requested == Object.class) {
            return (T) decodeDefault(rows, row, column, type, names);
        }
        Codec<?> codec = find(requested);
        Object value = codec == null
                ? requested.isAssignableFrom(type.getJavaType()) ? decodeDefault(rows, row, column, type, names) : null
                : decode(codec, requested, rows, row, column, type, names);
        if (value == null || !fits(requested, value)) {
            throw new IllegalArgumentException(
                    "Column '" + names.name(column) + "' of type " + type + " cannot be read as " + requested.getName()
                            + "; its default is " + type.getJavaType().getName() + refusals());
        }
        return (T) value;
    }

    private static boolean fits(Class<?> requested, Object value) {
        return requested.isPrimitive() || requested.isInstance(value);
    }

    private @Nullable Object decodeDefault(RowBatch rows, int row, int column, DecentDbType type, ColumnNames names) {
        if (type == DecentDbType.ENUM && rows.enumLabel(row, column) == null) {
            return rows.enumValue(row, column);
        }
        Codec<?> codec = defaults.get(type);
        return codec == null ? null : decode(codec, type.getJavaType(), rows, row, column, type, names);
    }

    private static @Nullable Object decode(
            Codec<?> codec,
            Class<?> requested,
            RowBatch rows,
            int row,
            int column,
            DecentDbType type,
            ColumnNames names) {
        try {
            return codec.decoder().decode(rows, row, column, type);
        } catch (Misfit e) {
            throw new R2dbcDataIntegrityViolationException(
                    "Column '" + names.name(column) + "' of type " + type + " cannot be read as "
                            + requested.getSimpleName() + ": " + e.getMessage(),
                    e.sqlState(),
                    e);
        }
    }

    private @Nullable Codec<?> find(Class<?> type) {
        Codec<?> exact = byClass.get(type);
        return exact != null ? exact : derived.get(type).orElse(null);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private Optional<Codec<?>> derive(Class<?> type) {
        for (Codec<?> codec : inOrder) {
            if (codec.javaType().isAssignableFrom(type)) {
                return Optional.of(codec);
            }
        }
        // The class of a constant with a body is a subclass of the enum's.
        Class<?> declared = type.getSuperclass() != null && type.getSuperclass().isEnum() ? type.getSuperclass() : type;
        return declared.isEnum() ? Optional.of(ContentCodecs.ofEnum((Class) declared)) : Optional.empty();
    }

    private String supported() {
        return inOrder.stream().map(codec -> codec.javaType().getSimpleName()).toList() + " or an enum";
    }

    private String refusals() {
        return refusedExtensions.isEmpty() ? "" : ". Not loaded: " + String.join("; ", refusedExtensions);
    }
}
