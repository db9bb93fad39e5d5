package com.decentdb.r2dbc.cluster.leader;

import io.netty.util.NetUtil;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Host and port of a node; two that differ in the case of the host, or in the notation of its number, are equal. */
public record NodeAddress(String host, int port) {

    private static final int LAST_PORT = 65_535;

    /**
     * Reads {@code host:port}, where the host may be a name, a number, or an IPv6 number in brackets.
     *
     * @throws IllegalArgumentException if it is none; the message says why
     */
    public static NodeAddress parse(String text) {
        String trimmed = text.trim();
        if (trimmed.startsWith("@") || trimmed.startsWith("/")) {
            throw new IllegalArgumentException("'" + trimmed
                    + "' is a Unix socket, on which a node listens to its own process only; name host:port");
        }
        int colon = trimmed.lastIndexOf(':');
        String host = colon < 0 ? trimmed : trimmed.substring(0, colon);
        boolean brackets = host.startsWith("[") && host.endsWith("]");
        if (colon < 0 || (!brackets && host.indexOf(':') >= 0)) {
            throw new IllegalArgumentException("'" + trimmed
                    + "' has no port, and there is no default; name host:port, as in db1:9001 or [::1]:9001");
        }
        String bare = brackets ? host.substring(1, host.length() - 1) : host;
        if (bare.isEmpty() || bare.chars().anyMatch(c -> c <= ' ' || c == '@' || c == '/')) {
            throw new IllegalArgumentException("'" + trimmed + "' has no host that can be dialled; name host:port");
        }
        return new NodeAddress(canonical(bare), port(trimmed, trimmed.substring(colon + 1)));
    }

    private static int port(String address, String text) {
        if (text.matches("\\d{1,5}")) {
            int port = Integer.parseInt(text);
            if (port > 0 && port <= LAST_PORT) {
                return port;
            }
        }
        throw new IllegalArgumentException(
                "'" + address + "' has the port '" + text + "', which is not a number from 1 to " + LAST_PORT);
    }

    private static String canonical(String host) {
        byte @Nullable [] number = host.indexOf(':') >= 0 ? NetUtil.createByteArrayFromIpAddressString(host) : null;
        return number == null ? host.toLowerCase(Locale.ROOT) : NetUtil.bytesToIpAddress(number);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
