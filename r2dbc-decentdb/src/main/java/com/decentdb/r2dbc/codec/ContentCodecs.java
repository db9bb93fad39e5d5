package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.Cidr;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.EnumValue;
import com.decentdb.r2dbc.api.MacAddress;
import io.r2dbc.spi.Blob;
import io.r2dbc.spi.Clob;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Text, bytes, large objects, UUIDs, network addresses and raw enum values. */
final class ContentCodecs {

    private ContentCodecs() {}

    static List<Codec<?>> all() {
        return List.of(
                new Codec<>(String.class, Value.Text::new, ContentCodecs::text),
                new Codec<>(Character.class, v -> new Value.Text(v.toString()), (r, i, c, t) -> {
                    String text = text(r, i, c, t);
                    if (text != null && text.length() != 1) {
                        throw new ArithmeticException("the text has " + text.length() + " characters");
                    }
                    return text == null ? null : text.charAt(0);
                }),
                new Codec<>(CharSequence.class, v -> new Value.Text(v.toString()), ContentCodecs::text),
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
                new Codec<>(UUID.class, Value.Uuid::new, (r, i, c, t) -> switch (t) {
                    case UUID -> r.uuid(i, c);
                    case TEXT -> UUID.fromString(r.text(i, c));
                    default -> null;
                }),
                new Codec<>(
                        InetAddress.class,
                        v -> new Value.IpAddress(v.getAddress()),
                        (r, i, c, t) -> t == DecentDbType.IPADDR ? address(r.address(i, c)) : null),
                new Codec<>(
                        Cidr.class,
                        v -> new Value.Network(v.address().getAddress(), v.prefixLength()),
                        (r, i, c, t) -> t == DecentDbType.CIDR
                                ? new Cidr(address(r.address(i, c)), r.prefixLength(i, c))
                                : null),
                new Codec<>(
                        MacAddress.class,
                        v -> new Value.Mac(v.toByteArray()),
                        (r, i, c, t) -> t == DecentDbType.MACADDR ? MacAddress.of(r.address(i, c)) : null),
                new Codec<>(
                        EnumValue.class,
                        v -> new Value.Enumerated(v.typeId(), v.labelId()),
                        (r, i, c, t) -> t == DecentDbType.ENUM ? r.enumValue(i, c) : null));
    }

    private static @Nullable String text(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case TEXT -> rows.text(row, column);
            case UUID -> rows.uuid(row, column).toString();
            default -> null;
        };
    }

    private static byte @Nullable [] bytes(RowBatch rows, int row, int column, DecentDbType type) {
        return switch (type) {
            case BLOB, GEOMETRY, GEOGRAPHY -> rows.bytes(row, column);
            default -> null;
        };
    }

    private static byte[] copy(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("An IP address has 4 or 16 bytes, not " + bytes.length, e);
        }
    }

    private static Mono<Value> gather(Blob blob) {
        return Flux.from(blob.stream())
                .collect(ByteArrayOutputStream::new, (out, chunk) -> out.writeBytes(copy(chunk)))
                .map(out -> new Value.Blob(out.toByteArray()));
    }

    private static Mono<Value> gather(Clob clob) {
        return Flux.from(clob.stream())
                .collect(StringBuilder::new, StringBuilder::append)
                .map(text -> new Value.Text(text.toString()));
    }
}
