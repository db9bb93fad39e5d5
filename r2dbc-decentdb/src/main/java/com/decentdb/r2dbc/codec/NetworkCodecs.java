package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.Cidr;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.MacAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Addresses. An IPv6 address stays one, also if it has an IPv4 address mapped into it. */
final class NetworkCodecs {

    private NetworkCodecs() {}

    static List<Codec<?>> all() {
        return List.of(
                new Codec<>(
                        InetAddress.class,
                        v -> new Value.IpAddress(bytes(v)),
                        (r, i, c, t) -> t == DecentDbType.IPADDR ? address(r.address(i, c)) : null),
                new Codec<>(
                        Cidr.class,
                        v -> new Value.Network(bytes(v.address()), v.prefixLength()),
                        (r, i, c, t) -> t == DecentDbType.CIDR ? network(r, i, c) : null),
                new Codec<>(
                        MacAddress.class,
                        v -> new Value.Mac(v.toByteArray()),
                        (r, i, c, t) -> t == DecentDbType.MACADDR ? mac(r, i, c) : null));
    }

    static InetAddress address(byte[] bytes) {
        try {
            // Left to itself, the JDK takes a mapped address for the IPv4 address in it.
            return bytes.length == 16 ? Inet6Address.getByAddress(null, bytes, -1) : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("An IP address has 4 or 16 bytes, not " + bytes.length, e);
        }
    }

    static Cidr network(RowBatch rows, int row, int column) {
        return new Cidr(address(rows.address(row, column)), rows.prefixLength(row, column));
    }

    static MacAddress mac(RowBatch rows, int row, int column) {
        return MacAddress.of(rows.address(row, column));
    }

    private static byte[] bytes(InetAddress address) {
        if (address instanceof Inet6Address ipv6 && ipv6.getScopeId() != 0) {
            throw new Misfit(
                    Misfit.TEXT,
                    address.getHostAddress() + " names an interface of this machine, which is not stored; bind it"
                            + " without: Inet6Address.getByAddress(null, address.getAddress(), -1)");
        }
        return address.getAddress();
    }
}
