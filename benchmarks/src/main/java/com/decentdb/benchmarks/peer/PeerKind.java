package com.decentdb.benchmarks.peer;

import com.decentdb.r2dbc.DecentDb;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.nio.file.Path;
import java.util.Locale;

/** The peers in Java, in the order of the tables. */
public enum PeerKind {
    DECENTDB("this driver, a connection for each caller"),
    DECENTDB_POOL("this driver, r2dbc-pool of 10"),
    DECENTDB_ABI("com.decentdb.ffi without the driver, blocking, kept statements"),
    SQLITE_JDBC("sqlite-jdbc, one thread, kept statements, no change of thread"),
    SQLITE_TUNED("sqlite-jdbc, one writer and two reader threads, kept statements"),
    SQLITE_NAIVE("sqlite-jdbc, HikariCP of 10 on boundedElastic"),
    H2_FILE("r2dbc-h2 in a file, a connection for each caller"),
    H2_MEMORY("r2dbc-h2 in memory, a connection for each caller"),
    H2_POOL("r2dbc-h2 in a file, r2dbc-pool of 10");

    private static final int POOL_SIZE = 10;

    private final String title;

    PeerKind(String title) {
        this.title = title;
    }

    public String title() {
        return title;
    }

    /** Its name in arguments and tables. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether its database outlives its process and no pool stands before it: then its first row is worth a measurement. */
    public boolean onDiskAlone() {
        return this != H2_MEMORY && !key().endsWith("-pool");
    }

    /** Opens its database; creates the table and its rows where the directory has none. */
    public Peer open(Path directory) throws Exception {
        Path path = directory.toAbsolutePath();
        return switch (this) {
            case DECENTDB -> R2dbcPeer.decentDb(factory(path), 0);
            case DECENTDB_POOL -> R2dbcPeer.decentDb(factory(path), POOL_SIZE);
            case DECENTDB_ABI -> new AbiPeer(path.resolve("bench.ddb"));
            case SQLITE_JDBC -> new PlainJdbcPeer(path.resolve("bench.sqlite"));
            case SQLITE_TUNED -> new TunedJdbcPeer(path.resolve("bench.sqlite"));
            case SQLITE_NAIVE -> new NaiveJdbcPeer(path.resolve("bench.sqlite"));
            case H2_FILE, H2_MEMORY -> R2dbcPeer.h2(factory(path), 0);
            case H2_POOL -> R2dbcPeer.h2(factory(path), POOL_SIZE);
        };
    }

    /** The R2DBC driver itself, for peers that are one. */
    public ConnectionFactory factory(Path directory) {
        return switch (this) {
            case DECENTDB, DECENTDB_POOL -> DecentDb.factory("r2dbc:decentdb:///" + directory.resolve("bench.ddb"));
            case H2_FILE, H2_POOL -> ConnectionFactories.get("r2dbc:h2:file:///" + directory.resolve("bench"));
            case H2_MEMORY -> ConnectionFactories.get("r2dbc:h2:mem:///bench?options=DB_CLOSE_DELAY=-1");
            default -> throw new IllegalArgumentException(this + " is not an R2DBC driver");
        };
    }
}
