package com.decentdb.r2dbc.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.blockhound.BlockHound;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The first use of a cluster in a JVM: wherever it is subscribed, and where there is neither native code nor Micrometer. */
class FreshJvmTests {

    private static final String NO_NODE = "dqlite://127.0.0.1:1/app?connectTimeout=PT2S";

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    /** Runs as a program of its own, and prints one line. */
    enum Program {

        /** Connects to the cluster of the URL without JNA, the engine and Micrometer, writes and reads. */
        WITHOUT_NATIVE_CODE {
            @Override
            String run(String url) {
                for (String absent : new String[] {
                    "com.sun.jna.Native", "com.decentdb.ffi.NativeLibrary", "io.micrometer.core.instrument.Metrics"
                }) {
                    try {
                        Class.forName(absent);
                        return absent + " is on the class path";
                    } catch (ClassNotFoundException e) {
                        // As it should be.
                    }
                }
                return "answer " + roundTrip(url).block(TestDatabase.PATIENCE);
            }
        },

        /** Connects from a thread that must not block. */
        ON_A_LOOP {
            @Override
            String run(String url) {
                BlockHound.install();
                return "answer "
                        + roundTrip(url).subscribeOn(Schedulers.parallel()).block(TestDatabase.PATIENCE);
            }
        },

        /** Administers from a thread that must not block. */
        ADMINISTERED_ON_A_LOOP {
            @Override
            String run(String url) {
                BlockHound.install();
                return "answer "
                        + Mono.defer(() -> {
                                    ClusterAdmin admin = DecentDb.cluster(url);
                                    return admin.members().count().delayUntil(n -> admin.close());
                                })
                                .subscribeOn(Schedulers.parallel())
                                .block(TestDatabase.PATIENCE);
            }
        },

        /** Connects and administers with almost no stack left: what fails for that may not fail for ever. */
        WITH_LITTLE_STACK {
            @Override
            String run(String url) {
                for (Function<String, Mono<?>> use : List.<Function<String, Mono<?>>>of(
                        FreshJvmTests::roundTrip,
                        address -> DecentDb.cluster(address).members().count())) {
                    for (int frames = 0; frames < 400; frames += 20) {
                        atTheEndOfTheStack(() -> use.apply(url).subscribe(value -> {}, error -> {}), frames);
                    }
                }
                return "answer " + roundTrip(url).block(TestDatabase.PATIENCE);
            }
        },

        /** Connects while no file can be opened, and again when that has passed. */
        WITHOUT_FILES {
            @Override
            String run(String url) throws IOException {
                // The classes that a failure needs are loaded before.
                roundTrip(url).block(TestDatabase.PATIENCE);
                String failure = refused(NO_NODE);
                List<InputStream> open = new ArrayList<>();
                try {
                    while (true) {
                        open.add(new FileInputStream("/dev/null"));
                    }
                } catch (IOException e) {
                    failure = refused(url + "?failoverTimeout=PT2S");
                } finally {
                    for (InputStream stream : open) {
                        stream.close();
                    }
                }
                return failure + ", then answer " + roundTrip(url).block(TestDatabase.PATIENCE);
            }
        };

        abstract String run(String url) throws IOException;

        /** Runs the program that the first argument names with the URL that the second gives. */
        public static void main(String[] args) throws IOException {
            System.out.println(valueOf(args[0]).run(args[1]));
            System.exit(0);
        }
    }

    private static Mono<Long> roundTrip(String url) {
        return Mono.usingWhen(
                DecentDb.connect(url),
                connection -> connection
                        .execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
                        .then(connection
                                .inTransaction(tx -> tx.execute("INSERT INTO t VALUES ($1)", 42))
                                .then())
                        .then(connection.fetchValue("SELECT max(n) FROM t", Long.class)),
                DecentDbConnection::close);
    }

    private static String refused(String url) {
        try {
            roundTrip(url).block(TestDatabase.PATIENCE);
            return "connected";
        } catch (RuntimeException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Runs an action so many frames before the end of the stack, however it ends. */
    private static void atTheEndOfTheStack(Runnable action, int frames) {
        new Object() {

            /** Returns how many frames above the end it is called. */
            @SuppressWarnings("InfiniteRecursion") // until the stack ends
            int descend() {
                int above;
                try {
                    above = descend();
                } catch (StackOverflowError end) {
                    return 0;
                }
                if (above == frames) {
                    try {
                        action.run();
                    } catch (StackOverflowError tooDeep) {
                        return frames + 1;
                    }
                }
                return above + 1;
            }
        }.descend();
    }

    @ParameterizedTest
    @EnumSource(
            value = Program.class,
            names = {"WITHOUT_NATIVE_CODE", "ON_A_LOOP", "WITH_LITTLE_STACK"})
    void theFirstConnectionOfAProgramIsMade(Program program) throws Exception {
        assertThat(run(program)).isEqualTo("answer 42");
    }

    @Test
    void aLoopMayAdministerAClusterFirst() throws Exception {
        assertThat(run(Program.ADMINISTERED_ON_A_LOOP)).matches("answer [1-9]");
    }

    @Test
    void whereNoFileCanBeOpenedConnectingFailsAndWorksLater() throws Exception {
        assertThat(run(Program.WITHOUT_FILES)).contains("Too many open files").endsWith(", then answer 42");
    }

    /** The last line that a program prints. */
    private static String run(Program program) throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> program != Program.WITHOUT_NATIVE_CODE
                        || !entry.matches(".*[/\\\\](jna-|decentdb-native|micrometer-core).*"))
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+AllowRedefinitionToAddDeleteMethods",
                        "-cp",
                        classPath,
                        Program.class.getName(),
                        program.name(),
                        CLUSTER.url())
                .redirectErrorStream(true)
                .start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return output.lines().reduce("", (before, line) -> line);
        } finally {
            process.destroyForcibly();
        }
    }
}
