package com.decentdb.r2dbc.cluster.leader;

import java.util.HashMap;
import java.util.Map;

/** Where nodes can be reached that advertise other addresses: behind port forwards, in containers. */
public record AddressMap(Map<NodeAddress, NodeAddress> reachable) {

    public static final AddressMap NONE = new AddressMap(Map.of());

    /**
     * Reads {@code advertised=reachable,..}.
     *
     * @throws IllegalArgumentException if it is none; the message says why
     */
    public static AddressMap parse(String text) {
        Map<NodeAddress, NodeAddress> map = new HashMap<>();
        for (String pair : text.split(",", -1)) {
            int equals = pair.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("'" + pair + "' is not a pair advertised=reachable");
            }
            NodeAddress advertised = NodeAddress.parse(pair.substring(0, equals));
            if (map.put(advertised, NodeAddress.parse(pair.substring(equals + 1))) != null) {
                throw new IllegalArgumentException("it names " + advertised + " twice");
            }
        }
        return new AddressMap(Map.copyOf(map));
    }

    NodeAddress of(NodeAddress advertised) {
        return reachable.getOrDefault(advertised, advertised);
    }
}
