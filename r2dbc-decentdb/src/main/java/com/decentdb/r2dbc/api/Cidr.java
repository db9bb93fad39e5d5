package com.decentdb.r2dbc.api;

import java.net.InetAddress;

/**
 * A network of a {@code CIDR} column.
 *
 * @param address the network's address
 * @param prefixLength the number of leading bits that name the network
 */
public record Cidr(InetAddress address, int prefixLength) {

    /**
     * Checks the prefix length.
     *
     * @param address the network's address
     * @param prefixLength the number of leading bits that name the network
     * @throws IllegalArgumentException if it is negative or longer than the address
     */
    public Cidr {
        int bits = address.getAddress().length * 8;
        if (prefixLength < 0 || prefixLength > bits) {
            throw new IllegalArgumentException("Prefix length " + prefixLength + " of " + address.getHostAddress()
                    + " is not within 0 to " + bits);
        }
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + prefixLength;
    }
}
