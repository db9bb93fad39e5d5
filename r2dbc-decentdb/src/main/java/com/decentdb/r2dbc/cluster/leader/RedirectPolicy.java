package com.decentdb.r2dbc.cluster.leader;

import com.decentdb.r2dbc.api.Cidr;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a node may send the driver. Addresses that no node has are always refused: those of the link, of any interface and of
 * groups.
 */
public final class RedirectPolicy {

    public static final RedirectPolicy ANY = new RedirectPolicy(null, List.of());

    /** Null for any. */
    private final @Nullable List<Pattern> globs;

    private final List<Cidr> networks;

    private RedirectPolicy(@Nullable List<Pattern> globs, List<Cidr> networks) {
        this.globs = globs;
        this.networks = networks;
    }

    /**
     * Reads {@code any}, or a list of host names with {@code *} and of networks.
     *
     * @throws IllegalArgumentException if it is none; the message says why
     */
    public static RedirectPolicy parse(String text) {
        if (text.trim().equalsIgnoreCase("any")) {
            return ANY;
        }
        List<Pattern> globs = new ArrayList<>();
        List<Cidr> networks = new ArrayList<>();
        for (String entry : text.split(",", -1)) {
            String wanted = entry.trim().toLowerCase(Locale.ROOT);
            if (wanted.isEmpty()) {
                throw new IllegalArgumentException("it has an empty entry");
            } else if (wanted.indexOf('/') >= 0) {
                networks.add(Cidr.parse(wanted));
            } else {
                globs.add(Pattern.compile(Pattern.quote(wanted).replace("*", "\\E.*\\Q")));
            }
        }
        return new RedirectPolicy(List.copyOf(globs), List.copyOf(networks));
    }

    /** Whether a host may be dialled, as far as its name says; its addresses are still to be {@link #admits admitted}. */
    boolean mayDial(NodeAddress address) {
        List<Pattern> wanted = globs;
        return wanted == null
                || !networks.isEmpty()
                || wanted.stream().anyMatch(glob -> glob.matcher(address.host()).matches());
    }

    /** Whether a host may be dialled at an address that belongs to it. */
    boolean admits(NodeAddress host, InetAddress address) {
        if (address.isLinkLocalAddress() || address.isAnyLocalAddress() || address.isMulticastAddress()) {
            return false;
        }
        List<Pattern> wanted = globs;
        return wanted == null
                || wanted.stream().anyMatch(glob -> glob.matcher(host.host()).matches())
                || networks.stream().anyMatch(network -> contains(network, address));
    }

    private static boolean contains(Cidr network, InetAddress address) {
        byte[] base = network.address().getAddress();
        byte[] other = address.getAddress();
        if (base.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < network.prefixLength(); bit++) {
            int mask = 0x80 >> (bit % Byte.SIZE);
            if (((base[bit / Byte.SIZE] ^ other[bit / Byte.SIZE]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }
}
