package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.DecentDbType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The registry of {@link Codec}s: one per Java type, found by class. Thread-safe. */
public final class Codecs {

    private static final Map<Class<?>, Class<?>> BOXES = Map.of(
            int.class, Integer.class,
            long.class, Long.class,
            short.class, Short.class,
            byte.class, Byte.class,
            double.class, Double.class,
            float.class, Float.class,
            boolean.class, Boolean.class,
            char.class, Character.class);

    private static final Codecs INSTANCE = new Codecs();

    private final Map<Class<?>, Codec<?>> codecs = new LinkedHashMap<>();
    private final Map<Class<?>, Optional<Codec<?>>> byBoundClass = new ConcurrentHashMap<>();

    private Codecs() {
        Stream.of(NumberCodecs.all(), TemporalCodecs.all(), ContentCodecs.all())
                .flatMap(List::stream)
                .forEach(codec -> codecs.put(codec.javaType(), codec));
    }

    public static Codecs instance() {
        return INSTANCE;
    }

    /**
     * Turns an argument into a value of the engine.
     *
     * @throws IllegalArgumentException if the class cannot be bound or the value does not fit
     */
    public Value encode(Object argument) {
        if (argument instanceof Enum<?> label) {
            return new Value.Text(label.name());
        }
        Codec<?> codec = byBoundClass
                .computeIfAbsent(argument.getClass(), this::findByBoundClass)
                .orElseThrow(() -> new IllegalArgumentException("A value of class "
                        + argument.getClass().getName() + " cannot be bound; bind one of " + supported()));
        try {
            return codec.encode(argument);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "The " + argument.getClass().getSimpleName() + " cannot be stored: " + e.getMessage(), e);
        }
    }

    /**
     * Reads a cell as the given class; {@code Object} asks for the default class of its type.
     *
     * @return null for SQL NULL
     * @throws IllegalArgumentException if the cell cannot be read as that class, or not without loss
     */
    @SuppressWarnings("unchecked")
    public <T> @Nullable T decode(RowBatch rows, int row, int column, Class<T> requested, String name) {
        if (rows.isNull(row, column)) {
            return null;
        }
        DecentDbType type = rows.type(row, column);
        if (requested == Object.class) {
            return (T) decode(codec(type.getJavaType()), rows, row, column, type, name);
        }
        Codec<?> exact = codecs.get(BOXES.getOrDefault(requested, requested));
        if (exact != null) {
            return (T) decode(exact, rows, row, column, type, name);
        }
        if (requested.isEnum() && type == DecentDbType.TEXT) {
            return label(requested, rows.text(row, column), name);
        }
        if (requested.isAssignableFrom(type.getJavaType())) {
            return (T) decode(codec(type.getJavaType()), rows, row, column, type, name);
        }
        throw mismatch(type, requested, name, null);
    }

    private Codec<?> codec(Class<?> javaType) {
        Codec<?> codec = codecs.get(javaType);
        if (codec == null) {
            throw new IllegalArgumentException("No codec for " + javaType.getName());
        }
        return codec;
    }

    private static <T> T decode(Codec<T> codec, RowBatch rows, int row, int column, DecentDbType type, String name) {
        T value;
        try {
            value = codec.decoder().decode(rows, row, column, type);
        } catch (ArithmeticException e) {
            throw mismatch(type, codec.javaType(), name, e);
        }
        if (value == null) {
            throw mismatch(type, codec.javaType(), name, null);
        }
        return value;
    }

    @SuppressWarnings("unchecked")
    private static <T> T label(Class<T> requested, String text, String name) {
        for (T constant : requested.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(text)) {
                return constant;
            }
        }
        throw new IllegalArgumentException(
                "Column '" + name + "' holds '" + text + "', which is no constant of " + requested.getName());
    }

    private static IllegalArgumentException mismatch(
            DecentDbType type, Class<?> requested, String name, @Nullable ArithmeticException cause) {
        return new IllegalArgumentException(
                "Column '" + name + "' of type " + type + " cannot be read as " + requested.getSimpleName()
                        + (cause == null
                                ? "; its default is " + type.getJavaType().getSimpleName()
                                : ": " + cause.getMessage()),
                cause);
    }

    private Optional<Codec<?>> findByBoundClass(Class<?> boundClass) {
        Codec<?> exact = codecs.get(boundClass);
        if (exact != null) {
            return Optional.of(exact);
        }
        for (Codec<?> codec : codecs.values()) {
            if (codec.javaType().isAssignableFrom(boundClass)) {
                return Optional.of(codec);
            }
        }
        return Optional.empty();
    }

    private String supported() {
        return codecs.keySet().stream().map(Class::getSimpleName).toList() + " or an enum";
    }
}
