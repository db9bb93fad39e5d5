package com.decentdb.r2dbc.api;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A network of a {@code CIDR} column. An IPv4 network and the IPv6 network of the same addresses mapped differ, and each
 * stays what it is.
 *
 * @param address the network's address, whose bits behind the prefix are zero
 * @param prefixLength the number of leading bits that name the network
 */
public record Cidr(InetAddress address, int prefixLength) {

    private static final Pattern TEXT = Pattern.compile("([0-9a-fA-F.:]+)/(\\d{1,3})");
    private static final String OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");

    /**
     * Checks both.
     *
     * @param address the network's address
     * @param prefixLength the number of leading bits that name the network
     * @throws IllegalArgumentException if the prefix is negative or longer than the address, or a bit behind it is set
     */
    public Cidr {
        byte[] bytes = address.getAddress();
        requirePrefix(bytes, prefixLength);
        for (int bit = prefixLength; bit < bytes.length * Byte.SIZE; bit++) {
            if ((bytes[bit / Byte.SIZE] & (0x80 >>> (bit % Byte.SIZE))) != 0) {
                throw new IllegalArgumentException(address.getHostAddress() + "/" + prefixLength
                        + " has bits set behind the prefix; Cidr.of clears them");
            }
        }
    }

    /**
     * The network of this length that an address belongs to.
     *
     * @param address an address of the network
     * @param prefixLength the number of leading bits that name the network
     * @return the network, the other bits cleared
     * @throws IllegalArgumentException if the prefix is negative or longer than the address
     */
    public static Cidr of(InetAddress address, int prefixLength) {
        byte[] bytes = address.getAddress();
        requirePrefix(bytes, prefixLength);
        for (int bit = prefixLength; bit < bytes.length * Byte.SIZE; bit++) {
            bytes[bit / Byte.SIZE] &= (byte) ~(0x80 >>> (bit % Byte.SIZE));
        }
        return new Cidr(address(bytes), prefixLength);
    }

    /**
     * Parses {@code 10.0.0.0/8} or {@code 2001:db8::/32}; never asks a name service.
     *
     * @param text address, slash and prefix length
     * @return the network
     * @throws IllegalArgumentException if it is none, or a bit behind the prefix is set
     */
    public static Cidr parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw notParsed(text, null);
        }
        return new Cidr(literal(parts.group(1), text), Integer.parseInt(parts.group(2)));
    }

    /**
     * The text {@link #parse} reads.
     *
     * @return address, slash and prefix length
     */
    @Override
    public String toString() {
        return address.getHostAddress() + "/" + prefixLength;
    }

    private static InetAddress literal(String literal, String text) {
        boolean ipv6 = literal.indexOf(':') >= 0;
        // Text with a colon is never a host name; without one, only four plain numbers are certainly not a name.
        if (!ipv6 && !IPV4.matcher(literal).matches()) {
            throw notParsed(text, null);
        }
        try {
            byte[] bytes = InetAddress.getByName(literal).getAddress();
            return address(ipv6 && bytes.length == 4 ? mapped(bytes) : bytes);
        } catch (UnknownHostException e) {
            throw notParsed(text, e);
        }
    }

    /** The JDK takes a mapped address for the IPv4 address in it. */
    private static byte[] mapped(byte[] ipv4) {
        byte[] bytes = new byte[16];
        bytes[10] = -1;
        bytes[11] = -1;
        System.arraycopy(ipv4, 0, bytes, 12, ipv4.length);
        return bytes;
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return bytes.length == 16 ? Inet6Address.getByAddress(null, bytes, -1) : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("An IP address has 4 or 16 bytes, not " + bytes.length, e);
        }
    }

    private static void requirePrefix(byte[] address, int prefixLength) {
        int bits = address.length * Byte.SIZE;
        if (prefixLength < 0 || prefixLength > bits) {
            throw new IllegalArgumentException("The prefix length " + prefixLength + " is not within 0 to " + bits);
        }
    }

    private static IllegalArgumentException notParsed(String text, @Nullable Throwable cause) {
        return new IllegalArgumentException("'" + text + "' is no network such as 10.0.0.0/8 or 2001:db8::/32", cause);
    }
}
