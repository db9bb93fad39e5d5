package com.decentdb.ffi;

import static com.decentdb.ffi.TestDatabase.NONE;
import static com.decentdb.ffi.TestDatabase.int64;
import static com.decentdb.ffi.TestDatabase.library;
import static com.decentdb.ffi.TestDatabase.parameters;
import static com.decentdb.ffi.TestDatabase.supported;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeDatabaseTests {

    @TempDir
    Path folder;

    private TestDatabase test;
    private NativeDatabase db;

    @BeforeEach
    void open() {
        test = new TestDatabase(folder, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
        db = test.db;
    }

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    void aLibraryThatRestsOpensTheNextDatabaseAndDoesNotRestWhileOneIsOpen() {
        test.close();
        for (int i = 0; i < 3; i++) {
            NativeLibrary.rest();
            try (NativeDatabase opened = NativeLibrary.load(null).open(":memory:", OpenMode.OPEN_OR_CREATE, "")) {
                NativeLibrary.rest();
                try (NativeResult result = opened.execute("SELECT 1", Parameters.of(0))) {
                    assertThat(result.rows().int64(0, 0)).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void theFileIsCreatedOpenedOrEither() {
        String path = folder.resolve("modes.ddb").toString();
        fails(Status.IO, () -> library().open(path, OpenMode.OPEN, ""));
        library().open(path, OpenMode.OPEN_OR_CREATE, "").close();
        fails(Status.IO, () -> library().open(path, OpenMode.CREATE, ""));
        library().open(path, OpenMode.OPEN, "").close();
    }

    @Test
    void rowsAreFoundAgainByTheNextHandle() {
        test.run("INSERT INTO t VALUES (1, 'one')");
        db.close();
        try (NativeDatabase again = library().open(test.file.toString(), OpenMode.OPEN, "");
                NativeResult result = again.execute("SELECT name FROM t", NONE)) {
            assertThat(result.rows().text(0, 0)).isEqualTo("one");
        }
    }

    @Test
    void anUnknownOptionIsNamed() {
        NativeException e = fails(Status.SQL, () -> library().open(":memory:", OpenMode.OPEN_OR_CREATE, "no_such=1"));
        assertThat(e).hasMessageContaining("no_such");
    }

    @Test
    void aResultHasNamesCountsAndRows() {
        try (NativeResult insert = db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')", NONE)) {
            assertThat(insert.affectedRows()).isEqualTo(2);
            assertThat(insert.columnCount()).isZero();
            assertThat(insert.columnNames()).isEmpty();
            assertThat(insert.rows().rows()).isZero();
        }
        try (NativeResult select = db.execute("SELECT id AS a, name FROM t ORDER BY id DESC", NONE)) {
            assertThat(select.columnNames()).containsExactly("a", "name");
            assertThat(select.columnCount()).isEqualTo(2);
            RowBlock rows = select.rows();
            assertThat(rows.rows()).isEqualTo(2);
            assertThat(rows.int64(0, 0)).isEqualTo(2);
            assertThat(rows.text(1, 1)).isEqualTo("one");
        }
        try (NativeResult returning = db.execute("INSERT INTO t VALUES ($1, 'three') RETURNING id", int64(3))) {
            assertThat(returning.rows().int64(0, 0)).isEqualTo(3);
        }
    }

    @Test
    void aViolatedConstraintIsAConstraintError() {
        test.run("INSERT INTO t VALUES (1, 'one')");
        NativeException e = fails(Status.CONSTRAINT, () -> test.run("INSERT INTO t VALUES (2, 'one')"));
        assertThat(e.sqlState()).isEqualTo("23505");
        assertThat(e.subcode()).startsWith("constraint.");
        assertThat(e.retryable()).isFalse();
        assertThat(e.getMessage()).isNotBlank();
    }

    @Test
    void aSyntaxErrorNamesItsSqlstate() {
        NativeException e = fails(Status.SQL, () -> test.run("SELEC 1"));
        assertThat(e.sqlState()).isEqualTo("42601");
        assertThat(e.subcode()).isEqualTo("sql.syntax");
        fails(Status.SQL, () -> db.prepare("SELECT * FROM nowhere").fetch(1));
    }

    @Test
    void aFailedCallLeavesNothingBehindForTheNextError() {
        NativeException first = fails(Status.CONSTRAINT, () -> {
            test.run("INSERT INTO t VALUES (1, 'one')");
            test.run("INSERT INTO t VALUES (1, 'other')");
        });
        NativeException second = fails(Status.SQL, () -> test.run("SELECT nothing FROM t"));
        assertThat(second.getMessage()).isNotEqualTo(first.getMessage());
        assertThat(second.sqlState()).isEqualTo("42703");
    }

    @Test
    void aMissingParameterIsAnError() {
        NativeException e = fails(Status.SQL, () -> test.query("SELECT name FROM t WHERE id = $1", NONE));
        assertThat(e.sqlState()).isEqualTo("07002");
    }

    @Test
    void textWithAZeroCharacterNeverReachesTheEngineAsSql() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> test.run("SELECT 1\0; DROP TABLE t"))
                .withMessage("the SQL text contains U+0000 at index 8, which cannot be passed to the engine");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> library().open("a\0b", OpenMode.CREATE, ""))
                .withMessageContaining("the path");
    }

    @Test
    void aTransactionIsCommittedOrRolledBack() {
        assertThat(db.inTransaction()).isFalse();
        db.begin();
        assertThat(db.inTransaction()).isTrue();
        fails(Status.TRANSACTION, db::begin);
        test.run("INSERT INTO t VALUES (1, 'one')");
        db.rollback();
        assertThat(db.inTransaction()).isFalse();
        assertThat(test.count("t")).isZero();
        db.begin();
        test.run("INSERT INTO t VALUES (1, 'one')");
        db.commit();
        assertThat(test.count("t")).isEqualTo(1);
        fails(Status.TRANSACTION, db::commit);
        fails(Status.TRANSACTION, db::rollback);
    }

    @Test
    void manyThreadsShareTheWriteQueue() throws Exception {
        int threads = 8;
        int writes = 25;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<Long>> tasks = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int base = t * writes;
                tasks.add(() -> {
                    long affected = 0;
                    for (int i = 0; i < writes; i++) {
                        int id = base + i;
                        Parameters p = parameters(2, v -> {
                            v.setInt64(0, id);
                            v.setText(1, "row " + id);
                        });
                        try (NativeResult r = db.executeQueued("INSERT INTO t VALUES ($1, $2)", p, 30_000)) {
                            affected += r.affectedRows();
                        }
                    }
                    return affected;
                });
            }
            long affected = 0;
            for (Future<Long> done : executor.invokeAll(tasks)) {
                affected += done.get();
            }
            assertThat(affected).isEqualTo((long) threads * writes);
        } finally {
            executor.shutdown();
        }
        assertThat(test.query("SELECT id, name FROM t WHERE name = 'row 137'").int64(0, 0))
                .isEqualTo(137);
        WriteQueueMetrics metrics = db.writeQueueMetrics();
        assertThat(metrics.executed()).isEqualTo((long) threads * writes);
        assertThat(metrics.committed()).isEqualTo((long) threads * writes);
        assertThat(metrics.currentDepth()).isZero();
        assertThat(metrics.capacity()).isPositive();
        assertThatIllegalArgumentException().isThrownBy(() -> db.executeQueued("SELECT 1", NONE, -2));
    }

    @Test
    void theQueueOfAProgramIsShownWhereTheLibraryTakesItsCounters() {
        long unknown = WriteQueueMetrics.NOT_COUNTED;
        WriteQueueMetrics own =
                new WriteQueueMetrics(10, 1, unknown, unknown, unknown, unknown, 2, 3, 4, 5, 6, 7, 8, 9, 1L << 40);

        assertThat(db.reportWriteQueue(own)).isEqualTo(library().bundled());
        if (library().bundled()) { // DecentDB has no function for it.
            RowBlock row =
                    test.query("SELECT capacity, current_depth, admitted, total_queue_wait_ns, group_commit_max_batch"
                            + " FROM sys.write_queue_metrics");
            assertThat(row.int64(0, 0)).isEqualTo(10);
            assertThat(row.int64(0, 1)).isEqualTo(1);
            assertThat(row.isNull(0, 2)).isTrue();
            assertThat(row.int64(0, 3)).isEqualTo(1L << 40);
            assertThat(row.int64(0, 4)).isEqualTo(7);
        }
    }

    @Test
    void metadataIsJsonThatNamesTheTable() {
        assertThat(db.listTables()).startsWith("[").contains("\"t\"");
        assertThat(db.describeTable("t")).contains("\"id\"").contains("\"name\"");
        assertThat(db.tableDdl("t")).containsIgnoringCase("CREATE TABLE");
        assertThat(db.describeQuery("SELECT id FROM t WHERE id = $1"))
                .contains("\"read_only\":true")
                .contains("\"parameters\"");
        assertThat(db.describeQuery("DELETE FROM t")).contains("\"read_only\":false");
        fails(Status.SQL, () -> db.describeTable("nowhere"));
    }

    @Test
    void theWholeSchemaIsJsonWhereTheEngineHasIt() {
        boolean known = supported(() ->
                assertThat(db.schemaSnapshot()).contains("\"schema_cookie\"").contains("\"t\""));
        assertThat(known || library().bundled()).isTrue();
    }

    @Test
    void aCheckpointAndACopyKeepTheRows() {
        test.run("INSERT INTO t VALUES (1, 'one')");
        db.checkpoint();
        Path copy = folder.resolve("copy.ddb");
        db.saveAs(copy.toString());
        assertThat(Files.exists(copy)).isTrue();
        try (NativeDatabase copied = library().open(copy.toString(), OpenMode.OPEN, "");
                NativeResult result = copied.execute("SELECT name FROM t", NONE)) {
            assertThat(result.rows().text(0, 0)).isEqualTo("one");
        }
    }

    @Test
    void anAuditValueIsSetAndRemoved() {
        db.setAuditContext("actor", "someone");
        db.setAuditContext("actor", null);
        assertThatIllegalArgumentException().isThrownBy(() -> db.setAuditContext("actor", "a\0b"));
    }

    @Test
    void aStatementOfThousandsOfNestedParenthesesIsRefusedAndEndsNothing() throws Exception {
        String sql = "SELECT " + "(".repeat(20_000) + "1" + ")".repeat(20_000);
        AtomicReference<NativeException> refused = new AtomicReference<>();
        Thread thread = new Thread(
                null,
                () -> refused.set(fails(Status.SQL, () -> db.execute(sql, NONE))),
                "large stack",
                NativeLibrary.THREAD_STACK_BYTES);
        thread.start();
        thread.join();
        assertThat(refused.get()).isNotNull();
        assertThat(test.count("t")).isZero();
    }

    private static NativeException fails(Status status, ThrowingCallable call) {
        NativeException[] caught = new NativeException[1];
        assertThatExceptionOfType(NativeException.class).isThrownBy(call).satisfies(e -> {
            assertThat(e.status()).isEqualTo(status);
            caught[0] = e;
        });
        return caught[0];
    }
}
