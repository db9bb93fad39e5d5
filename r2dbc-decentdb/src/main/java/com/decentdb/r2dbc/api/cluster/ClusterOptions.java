package com.decentdb.r2dbc.api.cluster;

import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.List;

/**
 * The options of connections to a dqlite cluster, beside those of R2DBC and of
 * {@link com.decentdb.r2dbc.api.DecentDbOptions}. They may be given as those are.
 */
public final class ClusterOptions {

    /** How long to look for a leader, for connecting and for anything that was not sent yet; 15 seconds by default, never zero. */
    public static final Option<Duration> FAILOVER_TIMEOUT = Option.valueOf("failoverTimeout");

    /** How long one node may take to say which one leads, with the time to connect to it; 2 seconds by default. */
    public static final Option<Duration> PROBE_TIMEOUT = Option.valueOf("probeTimeout");

    /** Whether writes outside transactions that wait share a commit; {@code true}. */
    public static final Option<Boolean> GROUP_COMMIT = Option.valueOf("groupCommit");

    /** The most bytes of one answer, 64 MiB by default; a larger one ends its statement. */
    public static final Option<Integer> MAX_FRAME_SIZE = Option.valueOf("maxFrameSize");

    /** After which time of idleness a connection to the leader is asked whether that still leads; 10 seconds by default. */
    public static final Option<Duration> VALIDATE_AFTER_IDLE = Option.valueOf("validateAfterIdle");

    /** How often the leader is asked for the nodes of the cluster, one minute by default; zero means never. */
    public static final Option<Duration> TOPOLOGY_REFRESH = Option.valueOf("topologyRefresh");

    /** Where nodes are named: the path of a YAML file, or a {@link NodeStore}. None by default. */
    public static final Option<Object> NODE_STORE = Option.valueOf("nodeStore");

    /** Whether the nodes that the leader lists are written to {@link #NODE_STORE}; {@code false}. */
    public static final Option<Boolean> NODE_STORE_WRITE = Option.valueOf("nodeStoreWrite");

    /** Where nodes can be reached that advertise other addresses: {@code advertised=reachable,..}, each as host:port. */
    public static final Option<String> ADDRESS_MAP = Option.valueOf("addressMap");

    /**
     * Where a node may send the driver: {@code any}, the default, or a list of host names, which may contain {@code *}, and of
     * networks such as {@code 10.0.0.0/8}. Addresses of the link, of any interface and of groups are always refused.
     */
    public static final Option<String> REDIRECT_TO = Option.valueOf("redirectTo");

    /** The PEM file of the authorities that sign the certificates of nodes; by default those that the JVM trusts. */
    public static final Option<String> SSL_ROOT_CERT = Option.valueOf("sslRootCert");

    /** The PEM file of this client's certificate and its chain, which nodes may demand. */
    public static final Option<String> SSL_CERT = Option.valueOf("sslCert");

    /** The PEM file (PKCS 8) of the key to {@link #SSL_CERT}. */
    public static final Option<String> SSL_KEY = Option.valueOf("sslKey");

    /** The password of {@link #SSL_KEY}. */
    public static final Option<CharSequence> SSL_KEY_PASSWORD = Option.sensitiveValueOf("sslKeyPassword");

    /** The name that the certificates of nodes have to bear; by default the host that is dialled. */
    public static final Option<String> SSL_SERVER_NAME = Option.valueOf("sslServerName");

    /** {@code verify-full}, the default, or {@code verify-ca}, which does not look at names. */
    public static final Option<String> SSL_MODE = Option.valueOf("sslMode");

    /** How often commits of other clients are looked for while somebody watches; 0.1 seconds by default. */
    public static final Option<Duration> WATCH_INTERVAL = Option.valueOf("watchInterval");

    /** {@code auto}, the default, finds out what the leader understands; a version of dqlite such as {@code 1.18.6} overrides that. */
    public static final Option<String> SERVER_VERSION = Option.valueOf("serverVersion");

    /** All of these. */
    public static final List<Option<?>> ALL = List.of(
            FAILOVER_TIMEOUT,
            PROBE_TIMEOUT,
            GROUP_COMMIT,
            MAX_FRAME_SIZE,
            VALIDATE_AFTER_IDLE,
            TOPOLOGY_REFRESH,
            NODE_STORE,
            NODE_STORE_WRITE,
            ADDRESS_MAP,
            REDIRECT_TO,
            SSL_ROOT_CERT,
            SSL_CERT,
            SSL_KEY,
            SSL_KEY_PASSWORD,
            SSL_SERVER_NAME,
            SSL_MODE,
            WATCH_INTERVAL,
            SERVER_VERSION);

    private ClusterOptions() {}
}
