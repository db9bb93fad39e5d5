package com.decentdb.r2dbc.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** A cluster is reached where there is no native code at all. */
class NoNativeCodeTests {

    private static final String ANSWER = "The cluster answers 42";

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    /** Connects to the cluster of the URL, writes and reads. */
    static final class Program {

        private Program() {}

        public static void main(String[] args) {
            for (String absent : new String[] {"com.sun.jna.Native", "com.decentdb.ffi.NativeLibrary"}) {
                try {
                    Class.forName(absent);
                    throw new IllegalStateException(absent + " is on the class path");
                } catch (ClassNotFoundException e) {
                    // As it should be.
                }
            }
            Long answer = Mono.usingWhen(
                            DecentDb.connect(args[0]),
                            connection -> connection
                                    .execute("CREATE TABLE t (n INTEGER)")
                                    .then(connection
                                            .inTransaction(tx -> tx.execute("INSERT INTO t VALUES ($1)", 42))
                                            .then())
                                    .then(connection.fetchValue("SELECT n FROM t", Long.class)),
                            DecentDbConnection::close)
                    .block(TestDatabase.PATIENCE);
            System.out.println("The cluster answers " + answer);
            System.exit(0);
        }
    }

    @Test
    void aProgramWithoutJnaAndWithoutTheEngineConnects() throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !entry.matches(".*[/\\\\](jna-|decentdb-native).*"))
                .collect(Collectors.joining(File.pathSeparator));
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath,
                        Program.class.getName(),
                        CLUSTER.url())
                .redirectErrorStream(true)
                .start();
        String output;
        try {
            output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            program.destroyForcibly();
        }

        assertThat(output).contains(ANSWER);
    }
}
