package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeWatchTests {

    private static final int WAIT_MILLIS = 10_000;

    @TempDir
    Path folder;

    private TestDatabase test;

    @BeforeEach
    void open() {
        test = new TestDatabase(
                folder, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)", "CREATE TABLE other (id BIGINT)");
    }

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    void aTableWatchReportsItsTableOnly() {
        try (NativeWatch watch = test.db.watchTable("{\"tables\":[\"t\"]}")) {
            assertThat(watch.next(WAIT_MILLIS)).contains("\"type\":\"initial\"");
            assertThat(watch.next(0)).isNull();
            test.run("INSERT INTO other VALUES (1)");
            assertThat(watch.next(0)).isNull();
            test.run("INSERT INTO t VALUES (1, 'Grüße')");
            assertThat(watch.next(WAIT_MILLIS))
                    .contains("\"type\":\"invalidate\"")
                    .contains("\"t\"");
            assertThat(watch.next(0)).isNull();
        }
    }

    @Test
    void aQueryWatchBeginsWithTheRows() {
        test.run("INSERT INTO t VALUES (1, 'one')");
        try (NativeWatch watch =
                test.db.watchQuery("{\"sql\":\"SELECT id, name FROM t WHERE id = $1\",\"params\":[1]}")) {
            assertThat(watch.next(WAIT_MILLIS)).contains("\"type\":\"initial\"").contains("one");
            test.run("UPDATE t SET name = 'two' WHERE id = 1");
            assertThat(watch.next(WAIT_MILLIS)).contains("\"type\":\"invalidate\"");
        }
    }

    @Test
    void aChangeStreamFollowsTransactionsAsOneEvent() {
        try (NativeWatch stream = test.db.changeStream("{}")) {
            assertThat(stream.next(WAIT_MILLIS)).contains("\"type\":\"initial\"");
            test.db.begin();
            test.run("INSERT INTO t VALUES (1, 'one')");
            test.run("INSERT INTO other VALUES (1)");
            assertThat(stream.next(0)).isNull();
            test.db.commit();
            String event = stream.next(WAIT_MILLIS);
            assertThat(event).contains("\"type\":\"change\"").contains("\"t\"").contains("\"other\"");
            test.db.begin();
            test.run("INSERT INTO other VALUES (2)");
            test.db.rollback();
            assertThat(stream.next(100)).isNull();
        }
    }

    @Test
    void aWatchSeesAnotherHandlesWrites() {
        try (NativeWatch watch = test.db.watchTable("{\"tables\":[\"t\"]}");
                NativeDatabase other = TestDatabase.library().open(test.file.toString(), OpenMode.OPEN, "")) {
            assertThat(watch.next(WAIT_MILLIS)).contains("initial");
            other.execute("INSERT INTO t VALUES (1, 'one')", TestDatabase.NONE).close();
            assertThat(watch.next(WAIT_MILLIS)).contains("invalidate");
        }
    }

    @Test
    void anOverrunQueueEndsInOneLaggedEvent() {
        try (NativeWatch watch = test.db.watchTable("{\"tables\":[\"t\"],\"queue_capacity\":2}")) {
            for (int i = 0; i < 10; i++) {
                test.run("INSERT INTO t VALUES (" + i + ", 'x')");
            }
            if (TestDatabase.library().bundled()) {
                // DecentDB drops even an unread initial event; the bundled engine keeps that one.
                assertThat(watch.next(WAIT_MILLIS)).contains("\"type\":\"initial\"");
            }
            assertThat(watch.next(WAIT_MILLIS)).contains("\"type\":\"lagged\"");
            assertThat(watch.next(0)).isNull();
        }
    }

    @Test
    void anImpossibleWatchIsRefused() {
        assertThatExceptionOfType(NativeException.class)
                .isThrownBy(() -> test.db.watchTable("{\"tables\":[\"nowhere\"]}"))
                .withMessageContaining("nowhere");
        assertThatExceptionOfType(NativeException.class)
                .isThrownBy(() -> test.db.watchQuery("{\"sql\":\"DELETE FROM t\"}"));
        assertThatExceptionOfType(NativeException.class).isThrownBy(() -> test.db.watchTable("not json"));
        try (NativeWatch watch = test.db.watchTable("{\"tables\":[\"t\"]}")) {
            assertThatIllegalArgumentException().isThrownBy(() -> watch.next(-1));
        }
    }
}
