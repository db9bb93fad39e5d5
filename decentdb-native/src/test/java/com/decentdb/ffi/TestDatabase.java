package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** A fresh database file per test, and shorthands for what most tests do with it. */
final class TestDatabase implements AutoCloseable {

    static final Parameters NONE = Parameters.of(0);

    final NativeDatabase db;
    final Path file;

    TestDatabase(Path folder, String... statements) {
        file = folder.resolve("test.ddb");
        db = library().open(file.toString(), OpenMode.CREATE, "");
        for (String sql : statements) {
            run(sql);
        }
    }

    static NativeLibrary library() {
        return NativeLibrary.load(null);
    }

    /** For what one engine has and the other does not have yet; fails as soon as that changes. */
    static void assertUnsupported(ThrowingCallable call) {
        assertThatExceptionOfType(NativeException.class).isThrownBy(call).satisfies(e -> {
            assertThat(e.status()).isEqualTo(Status.SQL);
            assertThat(e.subcode()).isEqualTo("sql.unsupported");
        });
    }

    static Parameters parameters(int count, Consumer<Parameters> values) {
        Parameters parameters = Parameters.of(count);
        values.accept(parameters);
        return parameters;
    }

    static Parameters int64(long value) {
        return parameters(1, p -> p.setInt64(0, value));
    }

    void run(String sql) {
        db.execute(sql, NONE).close();
    }

    /** The rows of a statement by way of {@link NativeDatabase#execute}. */
    RowBlock query(String sql, Parameters parameters) {
        try (NativeResult result = db.execute(sql, parameters)) {
            return result.rows();
        }
    }

    RowBlock query(String sql) {
        return query(sql, NONE);
    }

    long count(String table) {
        return query("SELECT COUNT(*) FROM " + table).int64(0, 0);
    }

    @Override
    public void close() {
        db.close();
    }
}
