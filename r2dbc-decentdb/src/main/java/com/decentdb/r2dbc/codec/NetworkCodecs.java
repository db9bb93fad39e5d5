package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.Cidr;
import com.decentdb.r2dbc.api.MacAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Addresses. An IPv6 address stays one, also if it has an IPv4 address mapped into it. */
final class NetworkCodecs {

    /** The beginning of an IPv4 address mapped into IPv6, as the JDK writes it. */
    private static final String MAPPED = "0:0:0:0:0:ffff:";

    /** Two groups of zeros or more. */
    private static final Pattern ZEROS = Pattern.compile("(?:^|:)0(?::0)+(?::|$)");

    private NetworkCodecs() {}

    static List<Codec<?>> all() {
        return List.of(
                new Codec<>(InetAddress.class, v -> new Value.IpAddress(bytes(v)), (r, i, c, t) -> switch (t) {
                    case IPADDR -> address(r.address(i, c));
                    case CIDR -> host(network(r, i, c));
                    case TEXT ->
                        parse(
                                r.text(i, c),
                                "IP address",
                                text -> Cidr.parse(text + (text.indexOf(':') < 0 ? "/32" : "/128"))
                                        .address());
                    default -> null;
                }),
                new Codec<>(
                        Cidr.class,
                        v -> new Value.Network(bytes(v.address()), v.prefixLength()),
                        (r, i, c, t) -> switch (t) {
                            case CIDR -> network(r, i, c);
                            case TEXT -> parse(r.text(i, c), "network", Cidr::parse);
                            default -> null;
                        }),
                new Codec<>(MacAddress.class, v -> new Value.Mac(v.toByteArray()), (r, i, c, t) -> switch (t) {
                    case MACADDR -> mac(r, i, c);
                    case TEXT -> parse(r.text(i, c), "MAC address", MacAddress::parse);
                    default -> null;
                }));
    }

    static InetAddress address(byte[] bytes) {
        try {
            // Left to itself, the JDK takes a mapped address for the IPv4 address in it.
            return bytes.length == 16 ? Inet6Address.getByAddress(null, bytes, -1) : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("An IP address has 4 or 16 bytes, not " + bytes.length, e);
        }
    }

    /** As RFC 5952 has it, like PostgreSQL and the engines; the JDK writes every zero. */
    static String text(byte[] bytes) {
        String full = address(bytes).getHostAddress();
        if (bytes.length == 4) {
            return full;
        }
        if (full.startsWith(MAPPED)) {
            return "::ffff:" + address(Arrays.copyOfRange(bytes, 12, 16)).getHostAddress();
        }
        return ZEROS.matcher(full)
                .results()
                .reduce((first, next) -> zeros(next) > zeros(first) ? next : first)
                .map(most -> full.substring(0, most.start()) + "::" + full.substring(most.end()))
                .orElse(full);
    }

    private static long zeros(MatchResult run) {
        return run.group().chars().filter(c -> c == '0').count();
    }

    private static <T> T parse(String text, String what, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw Misfit.noSuch(text, what, e);
        }
    }

    private static InetAddress host(Cidr network) {
        if (network.prefixLength() != network.address().getAddress().length * Byte.SIZE) {
            throw new Misfit(Misfit.TEXT, "the network " + network + " is more than one address; read it as Cidr");
        }
        return network.address();
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
