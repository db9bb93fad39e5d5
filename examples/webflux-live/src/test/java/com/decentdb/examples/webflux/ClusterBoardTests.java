package com.decentdb.examples.webflux;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.examples.cluster.LocalCluster;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** All that is expected of the application holds on a cluster, with another URL and nothing else. */
class ClusterBoardTests extends BoardApiTests {

    private static final AtomicInteger DATABASES = new AtomicInteger();

    private static @Nullable LocalCluster cluster;

    private String database = "";

    @BeforeAll
    static void startNodes() throws IOException {
        if (!LocalCluster.isAvailable() && System.getenv("CI") != null) {
            fail("The nodes need the dqlite server: apt-get install libdqlite0");
        }
        assumeTrue(LocalCluster.isAvailable(), "There is no dqlite server here: apt-get install libdqlite0");
        cluster = LocalCluster.start();
    }

    @AfterAll
    static void stopNodes() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    @Override
    void start() {
        if (database.isEmpty() && cluster != null) {
            database = cluster.url("board" + DATABASES.incrementAndGet());
        }
        super.start();
    }

    @Override
    Server serve() {
        return Server.start(database, 0);
    }
}
