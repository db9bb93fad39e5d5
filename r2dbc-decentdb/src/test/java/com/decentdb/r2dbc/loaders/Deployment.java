package com.decentdb.r2dbc.loaders;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Flux;

/** An application that a server loads, uses and drops again, with a driver of its own. */
public final class Deployment {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Deployment() {}

    /** A loader with all classes of this program except those of the JDK. */
    public static URLClassLoader loader() throws IOException {
        return new URLClassLoader(classPath(), ClassLoader.getPlatformClassLoader());
    }

    /** The class path of this program. */
    public static URL[] classPath() throws IOException {
        List<URL> classPath = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            classPath.add(Path.of(entry).toUri().toURL());
        }
        return classPath.toArray(new URL[0]);
    }

    /** Opens a database, writes, watches, queries and closes; gives the number of rows. */
    public static long run(String url) {
        DecentDbConnectionFactory factory = DecentDb.factory(url);
        Long rows = Flux.usingWhen(
                        factory.create(),
                        connection -> connection
                                .execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
                                .thenMany(factory.watchTable("t")
                                        .take(2)
                                        .concatMap(event -> connection.execute("INSERT INTO t VALUES (1)")))
                                .then(connection.fetchValue("SELECT count(*) FROM t", Long.class)),
                        DecentDbConnection::close)
                .blockLast(PATIENCE);
        factory.close().block(PATIENCE);
        return Objects.requireNonNull(rows);
    }
}
