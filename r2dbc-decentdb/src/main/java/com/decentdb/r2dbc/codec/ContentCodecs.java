package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.EnumValue;
import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Text, bytes, large objects, UUIDs and labels. */
final class ContentCodecs {

    private static final int UUID_BYTES = 16;

    private ContentCodecs() {}

    static List<Codec<?>> all() {
        return List.of(
                new Codec<>(String.class, ContentCodecs::encode, ContentCodecs::text),
                new Codec<>(Character.class, v -> encode(v.toString()), ContentCodecs::character),
                new Codec<>(CharSequence.class, v -> encode(v.toString()), ContentCodecs::text),
                new Codec<>(byte[].class, v -> new Value.Blob(v.clone()), ContentCodecs::bytes),
                new Codec<>(ByteBuffer.class, v -> new Value.Blob(copy(v)), (r, i, c, t) -> {
                    byte[] bytes = bytes(r, i, c, t);
                    return bytes == null ? null : ByteBuffer.wrap(bytes);
                }),
                new Codec<>(Blob.class, v -> new Value.Streamed(gather(v)), (r, i, c, t) -> {
                    byte[] bytes = bytes(r, i, c, t);
                    return bytes == null ? null : Blob.from(Mono.fromSupplier(() -> ByteBuffer.wrap(bytes.clone())));
                }),
                new Codec<>(Clob.class, v -> new Value.Streamed(gather(v)), (r, i, c, t) -> {
                    String text = text(r, i, c, t);
                    return text == null ? null : Clob.from(Mono.just(text));
                }),
                new Codec<>(UUID.class, Value.Uuid::new, ContentCodecs::uuid),
                new Codec<>(
                        EnumValue.class,
                        v -> new Value.Enumerated(v.typeId(), v.labelId()),
                        (r, i, c, t) -> t == DecentDbType.ENUM ? r.enumValue(i, c) : null));
    }

    /** A Java enum stands for text, or for an ENUM's label, by the names of its constants. */
    static <E extends Enum<E>> Codec<E> ofEnum(Class<E> type) {
        return new Codec<>(type, v -> new Value.Text(v.name()), (r, i, c, t) -> {
            if (t != DecentDbType.TEXT && t != DecentDbType.ENUM) {
                return null;
            }
            String name = String.valueOf(text(r, i, c, t));
            try {
                return Enum.valueOf(type, name);
            } catch (IllegalArgumentException e) {
                throw new Misfit(
                        Misfit.TEXT,
                        "'" + name + "' is none of its constants " + Arrays.toString(type.getEnumConstants())
                                + "; read it as String",
                        e);
            }
        });
    }

    private static Value encode(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    throw new Misfit(
                            Misfit.TEXT,
                            "it has half a character, an unpaired surrogate, at index " + i
                                    + ", which UTF-8 cannot hold; bind bytes");
                }
                i++;
            }
        }
        return new Value.Text(text);
    }

    /** As PostgreSQL writes it, and as the bundled engine casts it. */
    private static @Nullable String text(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case TEXT -> rows.text(row, column);
            case INT64 -> Long.toString(rows.int64(row, column));
            case FLOAT64 -> NumberCodecs.text(rows.float64(row, column));
            case BOOL -> Boolean.toString(rows.bool(row, column));
            case DECIMAL -> NumberCodecs.decimal(rows, row, column).toPlainString();
            case DATE, TIME, TIMESTAMP, TIMESTAMPTZ -> TemporalCodecs.text(rows, row, column, type);
            case BLOB -> "\\x" + HexFormat.of().formatHex(rows.bytes(row, column));
            case GEOMETRY, GEOGRAPHY -> HexFormat.of().withUpperCase().formatHex(rows.bytes(row, column));
            case ENUM -> {
                String label = rows.enumLabel(row, column);
                if (label == null) {
                    throw new Misfit(
                            Misfit.TEXT,
                            "the schema does not contain the label of " + rows.enumValue(row, column)
                                    + "; read it as EnumValue");
                }
                yield label;
            }
            case UUID -> rows.uuid(row, column).toString();
            case INTERVAL -> TemporalCodecs.text(rows.interval(row, column));
            case IPADDR -> NetworkCodecs.text(rows.address(row, column));
            case CIDR -> NetworkCodecs.text(rows.address(row, column)) + "/" + rows.prefixLength(row, column);
            case MACADDR -> NetworkCodecs.mac(rows, row, column).toString();
            case NULL -> null;
        };
    }

    private static @Nullable Character character(RowBatch rows, int row, int column, DecentDbType type) {
        String text = text(rows, row, column, type);
        if (text == null) {
            return null;
        }
        if (text.length() != 1) {
            throw new Misfit(
                    Misfit.TEXT, "the text has " + text.length() + " UTF-16 characters, not one; read it as String");
        }
        return text.charAt(0);
    }

    private static byte @Nullable [] bytes(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case BLOB, GEOMETRY, GEOGRAPHY -> rows.bytes(row, column);
            case UUID -> {
                UUID uuid = rows.uuid(row, column);
                yield ByteBuffer.allocate(UUID_BYTES)
                        .putLong(uuid.getMostSignificantBits())
                        .putLong(uuid.getLeastSignificantBits())
                        .array();
            }
            default -> null;
        };
    }

    private static @Nullable UUID uuid(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case UUID -> rows.uuid(row, column);
            case BLOB -> {
                byte[] bytes = rows.bytes(row, column);
                if (bytes.length != UUID_BYTES) {
                    throw new Misfit(
                            Misfit.TEXT, "a UUID has 16 bytes, not " + bytes.length + "; read it as ByteBuffer");
                }
                ByteBuffer halves = ByteBuffer.wrap(bytes);
                yield new UUID(halves.getLong(), halves.getLong());
            }
            case TEXT -> {
                String text = rows.text(row, column);
                try {
                    UUID uuid = UUID.fromString(text);
                    // The JDK fills up what is too short.
                    if (uuid.toString().equalsIgnoreCase(text)) {
                        yield uuid;
                    }
                } catch (IllegalArgumentException e) {
                    throw Misfit.noSuch(text, "UUID", e);
                }
                throw Misfit.noSuch(text, "UUID", null);
            }
            default -> null;
        };
    }

    private static byte[] copy(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static Mono<Value> gather(Blob blob) {
        return Flux.from(blob.stream())
                .collect(ByteArrayOutputStream::new, (out, chunk) -> out.writeBytes(copy(chunk)))
                .map(out -> new Value.Blob(out.toByteArray()));
    }

    private static Mono<Value> gather(Clob clob) {
        return Flux.from(clob.stream())
                .collect(StringBuilder::new, StringBuilder::append)
                .map(text -> Codecs.instance().encode(text));
    }
}
