package com.decentdb.r2dbc.cluster.scripted;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitUntil;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static com.decentdb.r2dbc.cluster.scripted.ScriptedLeader.error;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.cluster.nodes.Conversation;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.Frame.Body;
import com.decentdb.r2dbc.cluster.nodes.ScriptedNode;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import io.r2dbc.spi.R2dbcException;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.test.StepVerifier;

/** Copies of the database that are refused, cut short or given up: all of the copy is there, or nothing. */
class ScriptedCopyTests {

    private static final Body CONTENT = new Body().word(1).word(2);
    private static final Body LOG = new Body().word(3);
    private static final Frame COPY = Frame.of(
            Wire.FILES,
            new Body()
                    .word(2)
                    .text("app")
                    .word(16)
                    .raw(CONTENT.bytes())
                    .text("app-wal")
                    .word(8)
                    .raw(LOG.bytes()));

    @TempDir
    Path folder;

    /** A program over a connection to a node that leads, and does this when it is asked for a dump. */
    private static void on(ScriptedNode.Script dump, Check check) throws IOException {
        try (ScriptedNode node = ScriptedNode.start().others(talk -> {
            assertThat(talk.lead()).isEqualTo(Frame.of(Wire.DUMP, new Body().text("app")));
            dump.run(talk);
        })) {
            on(node, check);
        }
    }

    private static void on(ScriptedNode node, Check check) throws IOException {
        DecentDbConnectionFactory factory =
                DecentDb.factory(node.url("serverVersion=1.11&topologyRefresh=PT0S&statementTimeout=PT10M"));
        DecentDbConnection connection = awaitValue(factory.create());
        check.check(connection);
        await(connection.close());
        await(factory.close());
    }

    private interface Check {
        void check(DecentDbConnection connection) throws IOException;
    }

    private Path copy() {
        return folder.resolve("copy.db");
    }

    private List<String> files() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void isWhole() throws IOException {
        assertThat(files()).containsExactly("copy.db", "copy.db-wal");
        assertThat(Files.readAllBytes(copy())).isEqualTo(CONTENT.bytes());
        assertThat(Files.readAllBytes(folder.resolve("copy.db-wal"))).isEqualTo(LOG.bytes());
    }

    private void fails(ScriptedNode.Script dump, String sqlState) throws IOException {
        on(dump, connection -> {
            assertThat(error(connection.saveAs(copy())).getSqlState()).isEqualTo(sqlState);
            assertThat(files()).isEmpty();
        });
    }

    @Test
    void theDatabaseAndItsLogAreWrittenHoweverTheyArrive() throws IOException {
        on(talk -> talk.sendOneByOne(COPY.bytes()).expectClose(), connection -> {
            await(connection.saveAs(copy()));
            isWhole();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"copy.db", "copy.db-wal", "copy.db-shm", "copy.db-journal"})
    void aFileThatIsThereIsLeftAlone(String name) throws IOException {
        Path other = Files.writeString(folder.resolve(name), "precious");
        on(talk -> talk.answer(COPY), connection -> {
            R2dbcException error = error(connection.saveAs(copy()));

            assertThat(error.getSqlState()).isEqualTo("58030");
            assertThat(error).hasMessageContaining(other.toString()).hasMessageContaining("already exists");
            assertThat(files()).containsExactly(name);
            assertThat(other).hasContent("precious");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"copy.db", "copy.db-wal"})
    void aFileThatAppearsMeanwhileIsLeftAlone(String name) throws IOException {
        Path other = folder.resolve(name);
        on(
                talk -> {
                    talk.send(Arrays.copyOf(COPY.bytes(), 40));
                    awaitUntil("the copy has begun", () -> !files().isEmpty());
                    Files.writeString(other, "precious");
                    talk.send(Arrays.copyOfRange(COPY.bytes(), 40, COPY.bytes().length))
                            .expectClose();
                },
                connection -> {
                    assertThat(error(connection.saveAs(copy())).getSqlState()).isEqualTo("58030");
                    assertThat(files()).containsExactly(name);
                    assertThat(other).hasContent("precious");
                });
    }

    @Test
    void withoutAFolderThereIsNoCopy() throws IOException {
        on(talk -> talk.answer(COPY), connection -> {
            R2dbcException error = error(connection.saveAs(folder.resolve("absent/copy.db")));

            assertThat(error.getSqlState()).isEqualTo("58030");
            assertThat(error).hasMessageContaining("absent");
        });
    }

    @Test
    void aDumpThatIsRefusedOrBrokenLeavesNothing() throws IOException {
        fails(talk -> talk.answer(Wire.failure(1, "no such database")).expectClose(), "58000");
        fails(talk -> talk.send(Arrays.copyOf(COPY.bytes(), 56)).reset(), "08006");
        fails(Conversation::reset, "08006");
        fails(talk -> talk.answer(Frame.of(Wire.FILES, new Body().word(0))).expectClose(), "58000");
        for (String unexpected : List.of("../app", "app-shm", "other")) {
            Body files = new Body().word(2).text("app").word(0).text(unexpected).word(0);
            fails(talk -> talk.answer(Frame.of(Wire.FILES, files)).expectClose(), "08P01");
        }
        Body twice = new Body()
                .word(3)
                .text("app")
                .word(0)
                .text("app-wal")
                .word(0)
                .text("app")
                .word(0);
        fails(talk -> talk.answer(Frame.of(Wire.FILES, twice)).expectClose(), "08P01");
    }

    @Test
    void aCopyThatIsCancelledLeavesNothing() throws IOException {
        on(talk -> talk.send(Arrays.copyOf(COPY.bytes(), 56)).expectClose(), connection -> {
            Disposable copying = connection.saveAs(copy()).subscribe();
            awaitUntil("the copy has begun", () -> !files().isEmpty());

            copying.dispose();

            awaitUntil("nothing is left", () -> files().isEmpty());
        });
    }

    @Test
    void aCopyEndsWithItsConnection() throws IOException {
        on(talk -> talk.send(Arrays.copyOf(COPY.bytes(), 56)).expectClose(), connection -> {
            StepVerifier.create(connection.saveAs(copy()))
                    .then(() -> awaitUntil("the copy has begun", () -> !files().isEmpty()))
                    .then(() -> await(connection.close()))
                    .expectErrorSatisfies(error ->
                            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08003"))
                    .verify(PATIENCE);
            assertThat(files()).isEmpty();
            assertThat(error(connection.saveAs(copy())).getSqlState()).isEqualTo("08003");
        });
    }

    @Test
    void insideATransactionThereIsNoCopy() throws IOException {
        on(talk -> talk.answer(COPY), connection -> {
            await(connection.beginTransaction());

            assertThat(error(connection.saveAs(copy())).getSqlState()).isEqualTo("25001");
            assertThat(files()).isEmpty();
        });
    }

    /** A node that was deposed would give its old data. */
    @Test
    void onlyANodeThatSaysThatItLeadsIsAsked() throws IOException {
        try (ScriptedNode node = ScriptedNode.start()) {
            node.next(talk -> {
                        try {
                            talk.lead();
                        } catch (EOFException e) {
                            // The driver closed it with the connection.
                        }
                    })
                    .next(talk -> {
                        talk.handshake().expect(Wire.open("app")).answer(Wire.db());
                        talk.expect(Wire.LEADER);
                        talk.answer(Wire.server(0, "")).expectClose();
                    })
                    .others(talk -> {
                        talk.lead();
                        talk.answer(COPY).expectClose();
                    });
            on(node, connection -> {
                await(connection.saveAs(copy()));
                isWhole();
            });
        }
    }
}
