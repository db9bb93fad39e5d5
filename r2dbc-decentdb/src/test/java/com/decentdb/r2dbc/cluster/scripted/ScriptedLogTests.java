package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.error;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.on;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.once;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.cluster.ClusterAdmin;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.ScriptedNode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The lines of a cluster in the log of a program, which is a JVM of its own with the JDK's log. */
class ScriptedLogTests {

    private static final String WRITE = "INSERT INTO t VALUES ('a value')";

    /** Prints what it finds in the log, and {@code done}. */
    enum Program {

        /** Loses the answers to a write, a commit and a change of the cluster. */
        UNKNOWN_OUTCOMES {
            @Override
            void run() throws IOException {
                on(once(WRITE, Conversation::reset), "", (connection, leader) -> error(connection.execute(WRITE)));
                on(
                        once("COMMIT", Conversation::reset),
                        "",
                        (connection, leader) -> error(connection.inTransaction(tx -> tx.execute(WRITE))));
                try (ScriptedNode node = ScriptedNode.start()) {
                    node.others(talk -> {
                        talk.lead();
                        talk.reset();
                    });
                    ClusterAdmin admin = DecentDb.cluster(node.url(""));
                    error(admin.add(7, "h:9001"));
                    await(admin.close());
                }
            }
        },

        /** Does all that is logged with a log that throws an error at each line. */
        FAILING_LOG {
            @Override
            void run() throws IOException {
                fails = true;
                on(once(WRITE, Conversation::reset), "", (connection, leader) -> {
                    assertThat(error(connection.execute(WRITE)).getSqlState()).isEqualTo("08007");
                    assertThat(awaitValue(connection.execute(WRITE))).isEqualTo(1);
                });
                on(once("COMMIT", Conversation::reset), "", (connection, leader) -> {
                    assertThat(error(connection.inTransaction(tx -> tx.execute(WRITE)))
                                    .getSqlState())
                            .isEqualTo("08007");
                    assertThat(awaitValue(connection.execute(WRITE))).isEqualTo(1);
                });
                fails = false;
            }
        };

        private static volatile boolean fails;

        abstract void run() throws IOException;

        /** Runs the program that the argument names. */
        public static void main(String[] args) throws IOException {
            Logger log = Logger.getLogger("com.decentdb.r2dbc.cluster");
            log.setLevel(Level.ALL);
            log.setUseParentHandlers(false);
            log.addHandler(new Handler() {
                @Override
                public void publish(LogRecord line) {
                    if (fails) {
                        throw new LinkageError("injected");
                    }
                    if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
                        System.out.println(line.getLevel() + " " + line.getMessage());
                    }
                }

                @Override
                public void flush() {
                    // There is no buffer.
                }

                @Override
                public void close() {
                    // There is nothing to close.
                }
            });
            valueOf(args[0]).run();
            System.out.println("done");
            System.exit(0);
        }
    }

    private static List<String> run(Program program) throws Exception {
        // Where there is no SLF4J, Reactor takes the JDK's log.
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !entry.matches(".*[/\\\\]slf4j-.*"))
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dreactor.logging.fallback=JDK",
                        "-cp",
                        classPath,
                        Program.class.getName(),
                        program.name())
                .redirectErrorStream(true)
                .start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(2 * PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            // A newer JVM warns, with a colon, of what an older Netty does.
            return output.lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("WARNING: "))
                    .toList();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void everyUnknownOutcomeIsWarnedOfWithoutValues() throws Exception {
        List<String> lines = run(Program.UNKNOWN_OUTCOMES);

        assertThat(lines).hasSize(4).endsWith("done");
        assertThat(lines.get(0)).startsWith("WARNING Whether the write was committed is unknown");
        assertThat(lines.get(1)).startsWith("WARNING Whether the transaction was committed is unknown");
        assertThat(lines.get(2))
                .startsWith("WARNING Whether the leader 127.0.0.1:")
                .contains("carried out adding node 7 at h:9001 is unknown");
        assertThat(lines).noneMatch(line -> line.contains("a value"));
    }

    @Test
    void aLogThatFailsHarmsNoStatement() throws Exception {
        assertThat(run(Program.FAILING_LOG)).containsExactly("done");
    }
}
