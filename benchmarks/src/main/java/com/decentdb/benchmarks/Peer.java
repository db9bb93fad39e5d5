package com.decentdb.benchmarks;

import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.nio.file.Path;

/** The R2DBC drivers measured side by side, each on a file of its own. */
public enum Peer {
    /** This driver on the library its locator finds; every commit is durable. */
    DECENTDB("r2dbc:decentdb:///%s/bench.ddb"),
    /** H2 in a file. Its commits are not synced to disk by default, so its writes are not comparable with durable ones. */
    H2("r2dbc:h2:file:///%s/bench");

    private final String url;

    Peer(String url) {
        this.url = url;
    }

    ConnectionFactory open(Path directory) {
        return ConnectionFactories.get(String.format(url, directory.toAbsolutePath()));
    }
}
