package com.decentdb.r2dbc.cluster;

import com.decentdb.r2dbc.api.cluster.NodeStore;
import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.Tls;
import com.decentdb.r2dbc.cluster.leader.AddressMap;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.leader.RedirectPolicy;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import io.netty.channel.EventLoop;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How to use a cluster; the options of a factory, checked.
 *
 * @param database the name of the database
 * @param seeds nodes named in the URL
 * @param store where more nodes are named, and those of the cluster are kept; null for nowhere
 * @param writesStore whether they are kept there
 * @param serverVersion {@code auto}, or what the user says
 */
public record ClusterConfig(
        String database,
        List<NodeAddress> seeds,
        @Nullable NodeStore store,
        boolean writesStore,
        AddressMap addresses,
        RedirectPolicy redirects,
        @Nullable Tls tls,
        Times times,
        int maxReaders,
        int maxPinned,
        int maxPendingWrites,
        boolean groupCommit,
        long maxFrameSize,
        String serverVersion) {

    /** How long things may take. */
    public record Times(
            Duration failover,
            Duration connect,
            Duration probe,
            Duration statement,
            Duration validateAfterIdle,
            Duration topologyRefresh,
            Duration watchInterval) {

        /** To roll back: closing the connection does the same, so that it is not waited for longer than for a new one. */
        public Duration rollback() {
            return statement.compareTo(connect) < 0 ? statement : connect;
        }
    }

    /** The parts that find and dial nodes, on one loop. */
    public record Parts(EventLoop loop, Dialer dialer, LeaderFinder finder) {}

    /**
     * Reads and checks the options; touches no file but those of TLS.
     *
     * @throws io.r2dbc.spi.R2dbcNonTransientResourceException if one is missing or wrong; the message names it
     */
    public static ClusterConfig of(ConnectionFactoryOptions options) {
        return new ConfigReader(options).read();
    }

    /** Makes what finds and dials nodes. */
    public Parts parts(EventLoop loop, LeaderFinder.Listener listener) {
        Dialer dialer = new Dialer(loop, tls, maxFrameSize);
        LeaderFinder.Settings settings = new LeaderFinder.Settings(database, addresses, redirects, times.probe());
        LeaderFinder finder = new LeaderFinder(loop, dialer, settings, listener);
        finder.seeds(seeds);
        return new Parts(loop, dialer, finder);
    }

    public LineOpener.Settings lines() {
        return new LineOpener.Settings(database, times.connect(), times.statement(), times.failover(), serverVersion);
    }

    @Override
    public String toString() {
        return "ClusterConfig[" + database + " at " + seeds + "]";
    }
}
