package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.DecentDbType;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Converts between one Java type and the values of the engine.
 *
 * @param javaType the Java type; subtypes may be bound too
 * @param encoder from Java; throws {@link Misfit} if the value does not fit
 * @param decoder to Java
 */
record Codec<T>(Class<T> javaType, Function<T, Value> encoder, Decoder<T> decoder) {

    /** Reads a cell that is not NULL. */
    interface Decoder<T> {

        /**
         * The value, or null if no cell of this type can be read as the Java type; throws {@link Misfit} if this one
         * cannot.
         */
        @Nullable
        T decode(RowBatch rows, int row, int column, DecentDbType type);
    }

    Value encode(Object value) {
        return encoder.apply(javaType.cast(value));
    }
}
