package com.decentdb.r2dbc.result;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.transport.Column;
import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.Nullability;
import io.r2dbc.spi.Type;
import org.jspecify.annotations.Nullable;

/** One column of a result. */
final class DefaultColumnMetadata implements ColumnMetadata {

    private final Column column;

    DefaultColumnMetadata(Column column) {
        this.column = column;
    }

    @Override
    public String getName() {
        return column.name();
    }

    @Override
    public Type getType() {
        return column.type().toR2dbcType();
    }

    @Override
    public Class<?> getJavaType() {
        return column.type().getJavaType();
    }

    @Override
    public DecentDbType getNativeTypeMetadata() {
        return column.type();
    }

    /** All digits of a DECIMAL column as its table declares them; null for everything else. */
    @Override
    public @Nullable Integer getPrecision() {
        return column.digits() == null ? null : column.digits().precision();
    }

    /** Likewise those behind the point. */
    @Override
    public @Nullable Integer getScale() {
        return column.digits() == null ? null : column.digits().scale();
    }

    @Override
    public Nullability getNullability() {
        Boolean nullable = column.nullable();
        if (nullable == null) {
            return Nullability.UNKNOWN;
        }
        return nullable ? Nullability.NULLABLE : Nullability.NON_NULL;
    }

    @Override
    public String toString() {
        return column.name() + " " + column.type();
    }
}
