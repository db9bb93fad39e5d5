package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeDatabaseTest {

    private static final Parameters NONE = Parameters.of(0);

    @TempDir
    Path folder;

    private NativeDatabase db;

    @BeforeEach
    void open() {
        db = NativeLibrary.load(null).open(folder.resolve("test.ddb").toString(), OpenMode.CREATE, "");
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)", NONE).close();
    }

    @AfterEach
    void close() {
        db.close();
    }

    @Test
    void a_prepared_statement_writes_and_reads() {
        try (NativeStatement insert = db.prepare("INSERT INTO t VALUES ($1, $2)")) {
            Parameters values = Parameters.of(2);
            for (int i = 1; i <= 3; i++) {
                values.clear();
                values.setInt64(0, i);
                values.setText(1, "row " + i);
                insert.bind(values);
                assertThat(insert.affectedRows()).isEqualTo(1);
            }
        }
        try (NativeStatement select = db.prepare("SELECT id, name FROM t WHERE id >= $1 ORDER BY id")) {
            Parameters from = Parameters.of(1);
            from.setInt64(0, 2);
            select.bind(from);
            assertThat(select.columnNames()).containsExactly("id", "name");
            RowBlock first = select.fetch(1);
            assertThat(first.rows()).isEqualTo(1);
            assertThat(first.int64(0, 0)).isEqualTo(2);
            assertThat(first.text(0, 1)).isEqualTo("row 2");
            RowBlock second = select.fetch(10);
            assertThat(second.rows()).isEqualTo(1);
            assertThat(second.text(0, 1)).isEqualTo("row 3");
            assertThat(select.fetch(10).rows()).isZero();
            assertThat(select.fetch(10).rows()).isZero();
        }
    }

    @Test
    void a_syntax_error_names_its_sqlstate() {
        assertThatThrownBy(() -> db.execute("SELEC 1", NONE)).isInstanceOfSatisfying(NativeException.class, e -> {
            assertThat(e.status()).isEqualTo(Status.SQL);
            assertThat(e.sqlState()).isEqualTo("42601");
            assertThat(e.subcode()).isEqualTo("sql.syntax");
        });
    }
}
