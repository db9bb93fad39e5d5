package com.decentdb.ffi;

import static com.decentdb.ffi.TestDatabase.int64;
import static com.decentdb.ffi.TestDatabase.library;
import static com.decentdb.ffi.TestDatabase.parameters;
import static com.decentdb.ffi.TestDatabase.supported;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NativeStatementTests {

    private static final int ROWS = 100;

    @TempDir
    Path folder;

    private TestDatabase test;

    @BeforeEach
    void open() {
        test = new TestDatabase(folder, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
        test.db.begin();
        try (NativeStatement insert = test.db.prepare("INSERT INTO t VALUES ($1, $2)")) {
            for (int i = 0; i < ROWS; i++) {
                int id = i;
                insert.bind(parameters(2, p -> {
                    p.setInt64(0, id);
                    p.setText(1, "row " + id);
                }));
                assertThat(insert.affectedRows()).isEqualTo(1);
            }
        }
        test.db.commit();
    }

    @AfterEach
    void close() {
        test.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 50, 99, 100, 101, Integer.MAX_VALUE})
    void blocksOfAnySizeMakeUpTheResult(int blockSize) {
        try (NativeStatement select = test.db.prepare("SELECT id, name FROM t ORDER BY id")) {
            List<Long> ids = new ArrayList<>();
            List<Integer> sizes = new ArrayList<>();
            RowBlock block = select.fetch(blockSize);
            while (block.rows() > 0) {
                sizes.add(block.rows());
                for (int row = 0; row < block.rows(); row++) {
                    ids.add(block.int64(row, 0));
                    assertThat(block.text(row, 1)).isEqualTo("row " + block.int64(row, 0));
                }
                block = select.fetch(blockSize);
            }
            assertThat(ids).hasSize(ROWS).isSorted().doesNotHaveDuplicates();
            assertThat(sizes.subList(0, sizes.size() - 1)).allMatch(size -> size == blockSize);
            assertThat(block.columns()).isEqualTo(2);
            assertThat(select.fetch(blockSize).rows()).isZero();
        }
    }

    @Test
    void aBlockOutlivesTheNextOneAndTheStatement() {
        RowBlock first;
        try (NativeStatement select = test.db.prepare("SELECT name FROM t ORDER BY id")) {
            first = select.fetch(10);
            select.fetch(10);
        }
        test.run("DELETE FROM t");
        assertThat(first.text(9, 0)).isEqualTo("row 9");
    }

    @Test
    void bindingAgainRunsTheStatementAgainWithTheNewValuesOnly() {
        try (NativeStatement select = test.db.prepare("SELECT name FROM t WHERE id = $1")) {
            for (long id = 0; id < 20; id++) {
                select.bind(int64(id));
                assertThat(select.fetch(2).text(0, 0)).isEqualTo("row " + id);
            }
        }
    }

    @Test
    void bindingFewerValuesForgetsTheRest() {
        try (NativeStatement select = test.db.prepare("SELECT name FROM t WHERE id = $1 OR id = $2")) {
            select.bind(parameters(2, p -> {
                p.setInt64(0, 1);
                p.setInt64(1, 2);
            }));
            assertThat(select.fetch(10).rows()).isEqualTo(2);
            select.bind(int64(1));
            assertThatExceptionOfType(NativeException.class)
                    .isThrownBy(() -> select.fetch(10))
                    .satisfies(e -> assertThat(e.sqlState()).isEqualTo("07002"));
        }
    }

    @Test
    void bindingNothingRunsAStatementWithoutParametersAgain() {
        try (NativeStatement count = test.db.prepare("SELECT COUNT(*) FROM t")) {
            count.bind(TestDatabase.NONE);
            assertThat(count.fetch(1).int64(0, 0)).isEqualTo(ROWS);
            test.run("DELETE FROM t WHERE id < 10");
            count.bind(TestDatabase.NONE);
            assertThat(count.fetch(1).int64(0, 0)).isEqualTo(ROWS - 10);
        }
    }

    @Test
    void namesAndCountsAreKnownAfterBinding() {
        try (NativeStatement select = test.db.prepare("SELECT id AS a, name FROM t WHERE id < $1")) {
            select.bind(int64(3));
            assertThat(select.columnNames()).containsExactly("a", "name");
            assertThat(select.columnNames()).isSameAs(select.columnNames());
            // Only an engine that materialises its results can count them here.
            assertThat(select.affectedRows()).isEqualTo(library().bundled() ? 0 : 3);
            assertThat(select.fetch(10).rows()).isEqualTo(3);
        }
        try (NativeStatement delete = test.db.prepare("DELETE FROM t WHERE id < $1")) {
            delete.bind(int64(3));
            assertThat(delete.columnNames()).isEmpty();
            assertThat(delete.affectedRows()).isEqualTo(3);
            assertThat(delete.fetch(1).rows()).isZero();
        }
        assertThat(test.count("t")).isEqualTo(ROWS - 3);
    }

    @Test
    void aResetStatementRunsAgainWithTheSameValues() {
        try (NativeStatement select = test.db.prepare("SELECT name FROM t WHERE id = $1")) {
            select.bind(int64(7));
            assertThat(select.fetch(10).rows()).isEqualTo(1);
            assertThat(select.fetch(10).rows()).isZero();
            select.reset();
            assertThat(select.fetch(10).text(0, 0)).isEqualTo("row 7");
        }
    }

    @Test
    void aStatementFollowsAChangeOfItsTable() {
        try (NativeStatement select = test.db.prepare("SELECT * FROM t WHERE id = $1")) {
            select.bind(int64(1));
            assertThat(select.columnNames()).containsExactly("id", "name");
            assertThat(select.fetch(1).columns()).isEqualTo(2);
            if (!supported(() -> test.run("ALTER TABLE t ADD COLUMN extra TEXT"))) {
                return;
            }
            select.bind(int64(1));
            assertThat(select.fetch(1).columns()).isEqualTo(3);
            assertThat(select.columnNames()).containsExactly("id", "name", "extra");
        }
    }

    @Test
    void aStatementFollowsItsTableAfterItIsDroppedAndCreatedAgain() {
        try (NativeStatement select = test.db.prepare("SELECT * FROM t")) {
            select.bind(TestDatabase.NONE);
            assertThat(select.fetch(1).columns()).isEqualTo(2);
            select.reset();
            test.run("DROP TABLE t");
            test.run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, extra TEXT)");
            test.run("INSERT INTO t VALUES (1, 'one', 'more')");
            select.bind(TestDatabase.NONE);
            assertThat(select.fetch(1).text(0, 2)).isEqualTo("more");
            assertThat(select.columnNames()).containsExactly("id", "name", "extra");
        }
    }

    @Test
    void aFailingRunCanBeRepeatedWithOtherValues() {
        try (NativeStatement insert = test.db.prepare("INSERT INTO t VALUES ($1, 'again')")) {
            insert.bind(int64(1));
            assertThatExceptionOfType(NativeException.class)
                    .isThrownBy(insert::affectedRows)
                    .satisfies(e -> assertThat(e.status()).isEqualTo(Status.CONSTRAINT));
            insert.bind(int64(ROWS));
            assertThat(insert.affectedRows()).isEqualTo(1);
        }
    }

    @Test
    void anAggregateAndAnExpressionCarryTheirOwnTags() {
        try (NativeStatement select = test.db.prepare(
                "SELECT COUNT(*), MAX(name), id > 5, name || '!' FROM t WHERE id = 6 GROUP BY id, name")) {
            RowBlock block = select.fetch(1);
            assertThat(block.tag(0, 0)).isEqualTo(ValueTag.INT64);
            assertThat(block.tag(0, 1)).isEqualTo(ValueTag.TEXT);
            assertThat(block.bool(0, 2)).isTrue();
            assertThat(block.text(0, 3)).isEqualTo("row 6!");
        }
    }

    @Test
    void everyTagThatAStatementAcceptsIsBoundFromItsOwnFields() {
        UUID uuid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        Parameters values = parameters(9, p -> {
            p.setInt64(1, Long.MIN_VALUE);
            p.setFloat64(2, -0.5);
            p.setBool(3, true);
            p.setText(4, "first");
            p.setBlob(5, new byte[] {1, 2, 3});
            p.setDecimal(6, -12_345, 2);
            p.setUuid(7, uuid);
            p.setTimestamp(8, -1);
        });
        try (NativeStatement select = test.db.prepare("SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9")) {
            select.bind(values);
            RowBlock block = select.fetch(1);
            assertThat(block.isNull(0, 0)).isTrue();
            assertThat(block.int64(0, 1)).isEqualTo(Long.MIN_VALUE);
            assertThat(block.float64(0, 2)).isEqualTo(-0.5);
            assertThat(block.bool(0, 3)).isTrue();
            assertThat(block.text(0, 4)).isEqualTo("first");
            assertThat(block.bytes(0, 5)).containsExactly(1, 2, 3);
            assertThat(block.decimalUnscaled(0, 6)).isEqualTo(-12_345);
            assertThat(block.decimalScale(0, 6)).isEqualTo(2);
            assertThat(block.uuid(0, 7)).isEqualTo(uuid);
            assertThat(block.timestampMicros(0, 8)).isEqualTo(-1);
        }
    }

    @Test
    void valuesThatChangeWhileTheyAreBoundNeverMisleadNativeCode() throws Exception {
        Parameters values = Parameters.of(2);
        Thread other = new Thread(() -> {
            for (int i = 0; i < 20_000; i++) {
                values.setText(0, "x".repeat(i % 300));
                values.setInt64(1, Long.MAX_VALUE);
                values.setUuid(0, new UUID(Long.MAX_VALUE, Long.MAX_VALUE));
                values.setBlob(1, new byte[i % 100]);
            }
        });
        try (NativeStatement select = test.db.prepare("SELECT $1, $2")) {
            other.start();
            while (other.isAlive()) {
                try {
                    select.bind(values);
                    assertThat(select.fetch(1).rows()).isEqualTo(1);
                } catch (IndexOutOfBoundsException e) {
                    // The binding refused the values before native code read them, which is just as safe.
                } catch (NativeException e) {
                    // The engine may refuse a mixture of two values, such as bytes under the tag of a text.
                    assertThat(e.status()).isEqualTo(Status.SQL);
                }
            }
        } finally {
            other.join();
        }
    }

    @Test
    void aBlockSizeBelowOneIsRefused() {
        try (NativeStatement select = test.db.prepare("SELECT 1")) {
            assertThatIllegalArgumentException().isThrownBy(() -> select.fetch(0));
            assertThatIllegalArgumentException().isThrownBy(() -> select.fetch(-1));
        }
    }

    @Test
    void aBatchRunsTheStatementOnceForEachRow() {
        test.db
                .execute("CREATE TABLE many (id INTEGER, name TEXT, score FLOAT, good BOOLEAN)", Parameters.of(0))
                .close();
        Batch batch = new Batch("itfb", 300);
        for (int i = 0; i < 300; i++) {
            batch.add((long) i);
            batch.add(i % 3 == 0 ? "" : "näme " + i);
            batch.add(i / 2.0);
            batch.add(i % 2L);
        }

        test.db.begin();
        try (NativeStatement insert = test.db.prepare("INSERT INTO many VALUES ($1, $2, $3, $4)")) {
            assertThat(insert.executeBatch(batch)).isEqualTo(300);
        }
        test.db.commit();

        try (NativeStatement select = test.db.prepare("SELECT * FROM many ORDER BY id")) {
            select.bind(Parameters.of(0));
            RowBlock rows = select.fetch(500);
            assertThat(rows.rows()).isEqualTo(300);
            for (int i = 0; i < 300; i++) {
                assertThat(rows.int64(i, 0)).isEqualTo(i);
                assertThat(rows.text(i, 1)).isEqualTo(i % 3 == 0 ? "" : "näme " + i);
                assertThat(rows.float64(i, 2)).isEqualTo(i / 2.0);
                assertThat(rows.bool(i, 3)).isEqualTo(i % 2 == 1);
            }
        }
    }

    @Test
    void aBatchThatLacksValuesIsRefused() {
        test.db.execute("CREATE TABLE few (id INTEGER)", Parameters.of(0)).close();
        Batch batch = new Batch("i", 2);
        batch.add(1L);

        try (NativeStatement insert = test.db.prepare("INSERT INTO few VALUES ($1)")) {
            assertThatIllegalArgumentException().isThrownBy(() -> insert.executeBatch(batch));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new Batch("x", 1));
    }
}
