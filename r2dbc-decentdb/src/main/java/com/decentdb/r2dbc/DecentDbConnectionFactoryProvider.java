package com.decentdb.r2dbc;

import com.decentdb.r2dbc.api.DecentDbOptions;
import com.decentdb.r2dbc.cluster.ClusterTransport;
import com.decentdb.r2dbc.embedded.EmbeddedTransport;
import com.decentdb.r2dbc.settings.OptionReader;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Transport;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;

/**
 * Finds the driver for URLs that begin with {@code r2dbc:decentdb:}.
 *
 * <ul>
 *   <li>{@code r2dbc:decentdb:////var/lib/app.ddb}: an absolute path, four slashes
 *   <li>{@code r2dbc:decentdb:///data/app.ddb}: a relative path, three slashes; {@code ~/} is the user's home
 *   <li>{@code r2dbc:decentdb:file:////var/lib/app.ddb}: the same with the protocol spelled out
 *   <li>{@code r2dbc:decentdb:dqlite://db1:9001,db2:9001/app}: the database {@code app} of a dqlite cluster of which these
 *       are some nodes; {@code r2dbcs:} instead of {@code r2dbc:} for TLS, see {@link com.decentdb.r2dbc.api.cluster.ClusterOptions}
 *   <li>{@code r2dbc:decentdb:mem:///name} or {@code r2dbc:decentdb:mem://name}: a database in memory, shared under its name by all of the JVM
 * </ul>
 *
 * Options follow as a query, see {@link DecentDbOptions}. Options of other drivers are ignored.
 */
public final class DecentDbConnectionFactoryProvider implements ConnectionFactoryProvider {

    /** The name of the driver in URLs and options. */
    public static final String DRIVER = "decentdb";

    /** Creates the provider; called by the service loader. */
    public DecentDbConnectionFactoryProvider() {}

    /**
     * Creates a factory; touches neither file nor engine.
     *
     * @throws io.r2dbc.spi.R2dbcNonTransientResourceException if an option is missing or wrong, or names
     *     another driver; the message names it
     */
    @Override
    public DecentDbConnectionFactory create(ConnectionFactoryOptions options) {
        requireThisDriver(options);
        Transport transport = transport(options);
        return new DecentDbConnectionFactory(
                transport, SessionSettings.of(options, transport.statementTimeout(), transport.textForNumbers()));
    }

    /** The service loader asks {@link #supports} first; programs that start from {@link DecentDb} do not. */
    private static void requireThisDriver(ConnectionFactoryOptions options) {
        OptionReader reader = new OptionReader(options);
        String driver = reader.text(ConnectionFactoryOptions.DRIVER);
        if (driver == null || driver.equals(DRIVER)) {
            return;
        }
        String protocol = reader.text(ConnectionFactoryOptions.PROTOCOL);
        String inner = protocol == null ? "" : protocol;
        throw OptionReader.invalid(
                ConnectionFactoryOptions.DRIVER,
                driver,
                inner.equals(DRIVER) || inner.startsWith(DRIVER + ":")
                        ? "'" + DRIVER + "' here: give r2dbc:" + driver + ":" + inner
                                + ":.. to ConnectionFactories.get, or for a pool r2dbc:" + inner
                                + ":.. to DecentDb.createPool"
                        : "'" + DRIVER + "': this is the URL of another driver, which ConnectionFactories.get opens");
    }

    /** Refuses options that name no cluster. */
    static void requireCluster(ConnectionFactoryOptions options) {
        requireThisDriver(options);
        String protocol = new OptionReader(options).text(ConnectionFactoryOptions.PROTOCOL);
        if (!"dqlite".equals(protocol)) {
            throw OptionReader.invalid(
                    ConnectionFactoryOptions.PROTOCOL,
                    String.valueOf(protocol),
                    "'dqlite', as in r2dbc:decentdb:dqlite://db1:9001/app: there is nothing else to administer");
        }
        requireNetty();
    }

    /** Connections to a cluster use parts of Netty that programs with the engine alone need not have. */
    private static void requireNetty() {
        for (String needed : new String[] {"io.netty.channel.EventLoopGroup", "io.netty.handler.ssl.SslContext"}) {
            try {
                Class.forName(needed, false, DecentDbConnectionFactoryProvider.class.getClassLoader());
            } catch (ClassNotFoundException e) {
                throw Errors.of(
                        "08001",
                        "Connections to a cluster need io.netty:netty-transport and io.netty:netty-handler, which are optional"
                                + " dependencies of the driver; add both to the class path",
                        0,
                        null,
                        e);
            }
        }
    }

    /** The transport that the protocol of the URL names. */
    private static Transport transport(ConnectionFactoryOptions options) {
        String protocol = new OptionReader(options).text(ConnectionFactoryOptions.PROTOCOL);
        return switch (protocol == null ? "" : protocol) {
            case "", "file", "mem" -> EmbeddedTransport.of(options);
            case "dqlite" -> {
                requireNetty();
                yield ClusterTransport.of(options);
            }
            default ->
                throw OptionReader.invalid(
                        ConnectionFactoryOptions.PROTOCOL,
                        String.valueOf(protocol),
                        "'mem', 'file', 'dqlite' or absent: r2dbc:decentdb:mem:///name");
        };
    }

    @Override
    public boolean supports(ConnectionFactoryOptions options) {
        return DRIVER.equals(options.getValue(ConnectionFactoryOptions.DRIVER));
    }

    @Override
    public String getDriver() {
        return DRIVER;
    }
}
