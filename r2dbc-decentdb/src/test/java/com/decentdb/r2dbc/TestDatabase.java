package com.decentdb.r2dbc;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A fresh database file for each test, gone after it. */
public final class TestDatabase implements BeforeEachCallback, AfterEachCallback {

    /** Long enough for a busy machine, short enough to notice that something hangs. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<DecentDbConnection> connections = new ArrayList<>();
    private @Nullable Path directory;
    private @Nullable DecentDbConnectionFactory factory;

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        directory = Files.createTempDirectory("decentdb-test");
        factory = DecentDb.factory(url("linger=0"));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        connections.forEach(connection -> await(connection.close()));
        connections.clear();
        await(((Closeable) factory()).close());
        delete(requireNonNull(directory));
    }

    public DecentDbConnectionFactory factory() {
        return requireNonNull(factory);
    }

    public Path directory() {
        return requireNonNull(directory);
    }

    public Path file() {
        return directory().resolve("test.ddb");
    }

    /** The URL of the database with these options. */
    public String url(String options) {
        return "r2dbc:decentdb:///" + file() + (options.isEmpty() ? "" : "?" + options);
    }

    /** A connection that is closed after the test. */
    public DecentDbConnection connect() {
        return keep(factory().create());
    }

    /** A connection that is closed after the test. */
    public DecentDbConnection keep(Mono<DecentDbConnection> connection) {
        DecentDbConnection open = awaitValue(connection);
        connections.add(open);
        return open;
    }

    /** Whether the engine is the bundled one; the reason for a difference stands beside the assertion. */
    public boolean bundled() {
        return connect().getMetadata().engine().bundled();
    }

    /** Begins a transaction that holds the write lock, which its first statement takes. */
    public static void holdWriteLock(DecentDbConnection connection) {
        await(connection.beginTransaction());
        await(connection.execute("SELECT 1"));
    }

    public static void await(Publisher<?> publisher) {
        Flux.from(publisher).blockLast(PATIENCE);
    }

    public static <T> T awaitValue(Publisher<T> publisher) {
        return requireNonNull(Flux.from(publisher).blockLast(PATIENCE));
    }

    public static <T> List<T> awaitAll(Publisher<T> publisher) {
        return requireNonNull(Flux.from(publisher).collectList().block(PATIENCE));
    }

    /** Waits for what follows after a moment. */
    public static void awaitUntil(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline)
                    .as("Gave up waiting until " + what)
                    .isNegative();
            LockSupport.parkNanos(100_000);
        }
    }

    /** A null where none is allowed, to see it refused. */
    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    public static <T> T nothing() {
        return null;
    }

    public static void delete(Path root) {
        try (Stream<Path> all = Files.walk(root)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.deleteIfExists(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (UncheckedIOException e) {
            // The database may still be closing and put a file there; the directory is a temporary one.
            return;
        }
    }
}
