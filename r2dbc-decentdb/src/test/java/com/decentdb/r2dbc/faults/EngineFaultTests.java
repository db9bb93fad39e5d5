package com.decentdb.r2dbc.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.NativeResult;
import com.decentdb.ffi.NativeStatement;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import com.decentdb.ffi.RowBlock;
import com.decentdb.ffi.Status;
import com.decentdb.ffi.ValueTag;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The faults of libdecentdb for which the driver has a remedy, or its manual a warning. Each test passes as long as the engine has
 * the fault, and fails, naming the remedy, as soon as a version of it has not: a remedy costs something, and a note in a log
 * that nobody reads would keep it for ever.
 */
@SuppressWarnings("try") // A handle may have nothing to do but to be open.
class EngineFaultTests {

    private static final List<String> DELETED_AND_INSERTED_AGAIN = List.of(
            "INSERT INTO t VALUES (4, 'x2'), (5, 'x2')",
            "DELETE FROM t WHERE id = 4",
            "INSERT INTO t VALUES (4, 'x0')");

    @TempDir
    Path directory;

    private String file = "";

    @BeforeEach
    void onlyAnotherEngineHasThem() {
        assumeFalse(NativeLibrary.load(null).bundled(), "the bundled engine has none of these faults");
        file = directory.resolve("test.ddb").toString();
    }

    @Test
    void aRefusedInsertOverwritesAnotherRow() {
        try (NativeDatabase handle = open()) {
            run(handle, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
            DELETED_AND_INSERTED_AGAIN.forEach(sql -> run(handle, sql));
            String refusal = refusal(() -> rows(handle, "INSERT INTO t VALUES (5, 'x3')"));

            faultIs(
                    refusal.equals("23505") && anotherIsOverwritten(handle),
                    "A refused insert outside transactions leaves the other rows alone",
                    "EngineTraits.commitsAlone may be true for it");
        }
    }

    @Test
    void soItDoesThroughTheQueue() {
        try (NativeDatabase handle = open()) {
            run(handle, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
            for (String sql : DELETED_AND_INSERTED_AGAIN) {
                queue(handle, sql);
            }
            String refusal = refusal(() -> queue(handle, "INSERT INTO t VALUES (5, 'x3')"));

            faultIs(
                    refusal.equals("23505") && anotherIsOverwritten(handle),
                    "A refused insert through the engine's queue leaves the other rows alone",
                    "the queue keeps the writes of processes apart, too, so it may take the place of ProcessLock");
        }
    }

    @Test
    void anInsertAfterADeleteOverwritesAnotherRowInTransactionsToo() {
        try (NativeDatabase handle = open()) {
            run(handle, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
            for (String sql : DELETED_AND_INSERTED_AGAIN) {
                handle.begin();
                run(handle, sql);
                handle.commit();
            }
            try (NativeDatabase reader = open()) {
                faultIs(
                        anotherIsOverwritten(reader),
                        "An insert after a delete leaves the other rows alone",
                        "Database.page may go");
            }
        }
    }

    @Test
    void transactionsOfTwoProcessesDestroyEachOther() throws IOException, InterruptedException {
        try (NativeDatabase handle = open()) {
            run(handle, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
            handle.checkpoint();
        }
        List<Process> writers = List.of(writer(1), writer(1_000_001));
        long acknowledged = 0;
        try {
            List<BufferedReader> outputs = new ArrayList<>();
            for (Process each : writers) {
                BufferedReader output =
                        new BufferedReader(new InputStreamReader(each.getInputStream(), StandardCharsets.US_ASCII));
                assertThat(output.readLine()).isEqualTo("READY");
                outputs.add(output);
            }
            for (Process each : writers) {
                each.getOutputStream().close();
            }
            for (BufferedReader output : outputs) {
                String count = output.readLine();
                acknowledged += count == null ? 0 : Long.parseLong(count);
            }
        } finally {
            for (Process each : writers) {
                each.destroyForcibly().waitFor();
            }
        }
        String there = "";
        try (NativeDatabase handle = open()) {
            there = rows(handle, "SELECT COUNT(*) FROM t WHERE id > 0");
        } catch (NativeException e) {
            there = e.getMessage();
        }

        faultIs(
                acknowledged < 2 * TransactionWriter.ROWS
                        || !String.valueOf(acknowledged).equals(there),
                "Transactions of two processes are all acknowledged and all there",
                "EngineTraits.locksAtBegin and ProcessLock are to be looked at again");
    }

    @Test
    void openingAHandleFailsTheCommitOfATransaction() {
        try (NativeDatabase writer = open()) {
            run(writer, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
            writer.begin();
            run(writer, "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
            writer.commit();
            writer.begin();
            run(writer, "DELETE FROM t");
            open().close();

            faultIs(
                    refusal(writer::commit).equals("25000"),
                    "A transaction commits although a handle was opened",
                    "EngineTraits.opensAtAnyTime may be true for it, and LockedOpening may go");
        }
    }

    @Test
    void aHandleForgetsItsAuditContextWhenAnotherCommits() {
        try (NativeDatabase writer = open();
                NativeDatabase reader = open()) {
            run(writer, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
            reader.setAuditContext("who", "me");
            writer.begin();
            run(writer, "INSERT INTO t VALUES (1)");
            writer.commit();
            run(reader, "SELECT * FROM t");

            faultIs(
                    !rows(reader, "SELECT current_audit_context('who')").equals("me"),
                    "A handle keeps its audit context",
                    "EngineTraits.keepsAuditContext may be true for it, and ContextKeeper may go");
        }
    }

    @Test
    void aLookUpByPrimaryKeyIgnoresPoliciesAndMasks() {
        try (NativeDatabase writer = guardedTable();
                NativeDatabase reader = open();
                NativeStatement lookUp = reader.prepare("SELECT * FROM invoice WHERE id = 2")) {
            reader.setAuditContext("tenant_id", "a");
            RowBlock found = lookUp.fetch(2);

            faultIs(
                    found.rows() == 1 && found.text(0, 1).equals("b"),
                    "Policies and masks hold for look-ups by primary key",
                    "the warning in docs/engines.md may go");
        }
    }

    @Test
    void anAggregateIgnoresMasks() {
        try (NativeDatabase writer = guardedTable();
                NativeDatabase reader = open()) {
            reader.setAuditContext("tenant_id", "a");

            faultIs(
                    rows(reader, "SELECT MAX(ssn) FROM invoice").equals("123-45"),
                    "Masks hold in aggregates",
                    "the warning in docs/engines.md may go");
        }
    }

    @Test
    void theSchemaVersionCannotBePrepared() {
        try (NativeDatabase handle = open()) {
            faultIs(
                    refusal(() -> prepared(handle, "PRAGMA schema_version")).equals("42601"),
                    "PRAGMA schema_version can be prepared",
                    "EngineTraits.preparesPragmas may be true for it");
        }
    }

    @Test
    void theSchemaVersionMayStandStillWhileAnotherHandleChangesTheSchema() {
        try (NativeDatabase reader = open()) {
            run(reader, "CREATE TABLE t (a INTEGER)");
            List<String> versions = new ArrayList<>();
            for (String column : List.of("b", "c", "d")) {
                try (NativeDatabase changer = open()) {
                    run(changer, "DELETE FROM t");
                    run(changer, "DROP TABLE t");
                    run(changer, "CREATE TABLE t (" + column + " INTEGER)");
                    run(changer, "INSERT INTO t VALUES (NULL)");
                }
                run(reader, "SELECT * FROM t");
                versions.add(rows(reader, "PRAGMA schema_version"));
            }

            faultIs(
                    versions.stream().distinct().count() < 3,
                    "Every handle sees the schema version change",
                    "SchemaChangeTests[OTHER_HANDLE] may run on it");
        }
    }

    @Test
    void anInsertIsThatOfATableThatWasDropped() {
        try (NativeDatabase handle = open()) {
            for (String type : List.of("INT64", "FLOAT64")) {
                run(handle, "DROP TABLE IF EXISTS t");
                run(handle, "CREATE TABLE t (id INTEGER PRIMARY KEY, v " + type + ")");
                insertHalf(handle);
                run(handle, "DELETE FROM t");
                insertHalf(handle);
            }

            faultIs(
                    rows(handle, "SELECT COUNT(*) FROM t WHERE v = 1.5").equals("0"),
                    "A value is converted to the type of its column, not to that of a table that was dropped",
                    "EngineTraits.plansMayBeStale may be false for it");
        }
    }

    @Test
    void aHandleMissesWhatWasCommittedAndCheckpointedWhileItDidNothing() {
        try (NativeDatabase writer = open();
                NativeDatabase reader = open()) {
            run(writer, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
            writer.checkpoint();

            faultIs(
                    refusal(() -> rows(reader, "SELECT * FROM t")).equals("42P01"),
                    "A handle sees what was committed and checkpointed",
                    "Database.refresh need not describe the schema");
        }
    }

    @Test
    void aWrongKeyIsReportedAsCorruption() {
        NativeLibrary library = NativeLibrary.load(null);
        library.open(file, OpenMode.CREATE, "encryption_key=right").close();
        try {
            library.open(file, OpenMode.OPEN, "encryption_key=wrong").close();
            fail("a wrong key opened the database");
        } catch (NativeException e) {
            faultIs(
                    e.status() == Status.CORRUPTION && e.sqlState() == null,
                    "A wrong key has a status or SQLSTATE of its own",
                    "NativeErrors need not know its text");
        }
    }

    private static boolean anotherIsOverwritten(NativeDatabase handle) {
        return !rows(handle, "SELECT * FROM t ORDER BY id").equals("4 x0, 5 x2");
    }

    private static void faultIs(boolean there, String news, String remedy) {
        assertThat(there)
                .withFailMessage(() -> "libdecentdb " + NativeLibrary.load(null).version() + " has lost a fault: "
                        + news + ". Then " + remedy + ".")
                .isTrue();
    }

    /** A table with a policy and a mask, one row of tenant a and one of tenant b. */
    private NativeDatabase guardedTable() {
        NativeDatabase handle = open();
        run(handle, "CREATE TABLE invoice (id INTEGER PRIMARY KEY, tenant TEXT, ssn TEXT)");
        run(handle, "INSERT INTO invoice VALUES (1, 'a', '123-45'), (2, 'b', '999-77')");
        run(handle, "CREATE POLICY own ON invoice USING tenant = current_tenant()");
        run(handle, "CREATE MASK short ON invoice(ssn) USING '***' || right(ssn, 2)");
        return handle;
    }

    private NativeDatabase open() {
        return NativeLibrary.load(null).open(file, OpenMode.OPEN_OR_CREATE, "");
    }

    private Process writer(long first) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        TransactionWriter.class.getName(),
                        file,
                        String.valueOf(first))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static void run(NativeDatabase handle, String sql) {
        handle.execute(sql, Parameters.of(0)).close();
    }

    /** Inserts a row of 1.5, after which another handle is opened. */
    private void insertHalf(NativeDatabase handle) {
        try (NativeStatement insert = handle.prepare("INSERT INTO t (v) VALUES ($1)")) {
            Parameters half = Parameters.of(1);
            half.setFloat64(0, 1.5);
            insert.bind(half);
            assertThat(insert.affectedRows()).isEqualTo(1);
        }
        open().close();
    }

    private static String prepared(NativeDatabase handle, String sql) {
        handle.prepare(sql).close();
        return sql;
    }

    private static String queue(NativeDatabase handle, String sql) {
        handle.executeQueued(sql, Parameters.of(0), NativeDatabase.DEFAULT_TIMEOUT)
                .close();
        return "";
    }

    /** The rows as text. */
    private static String rows(NativeDatabase handle, String sql) {
        try (NativeResult result = handle.execute(sql, Parameters.of(0))) {
            RowBlock block = result.rows();
            List<String> rows = new ArrayList<>();
            for (int row = 0; row < block.rows(); row++) {
                List<String> values = new ArrayList<>();
                for (int column = 0; column < block.columns(); column++) {
                    values.add(
                            block.isNull(row, column)
                                    ? "NULL"
                                    : block.tag(row, column) == ValueTag.INT64
                                            ? String.valueOf(block.int64(row, column))
                                            : block.text(row, column));
                }
                rows.add(String.join(" ", values));
            }
            return String.join(", ", rows);
        }
    }

    /** The SQLSTATE with which a call is refused; empty if it is not. */
    private static String refusal(Supplier<?> call) {
        try {
            Object unused = call.get();
            return "";
        } catch (NativeException e) {
            return String.valueOf(e.sqlState());
        }
    }
}
