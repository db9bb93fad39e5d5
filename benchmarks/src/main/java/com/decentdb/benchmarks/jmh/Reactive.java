package com.decentdb.benchmarks.jmh;

import com.decentdb.benchmarks.DataFolder;
import com.decentdb.benchmarks.peer.Items;
import com.decentdb.benchmarks.peer.PeerKind;
import io.r2dbc.spi.Connection;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import reactor.core.publisher.Mono;

/** A connection of an R2DBC driver to a table with rows. */
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH sets the fields.
public class Reactive {

    @Param({"DECENTDB", "H2_FILE", "H2_MEMORY"})
    public PeerKind peer;

    Connection connection;
    AtomicLong nextId;
    private DataFolder folder;

    @Setup
    public void open() throws IOException {
        folder = DataFolder.create();
        connection = Objects.requireNonNull(
                Mono.from(peer.factory(folder.path()).create()).block());
        nextId = new AtomicLong(
                Objects.requireNonNull(Items.create(connection, Items.ROWS).block()));
    }

    @TearDown
    public void close() throws IOException {
        Mono.from(connection.close()).block();
        folder.close();
    }
}
