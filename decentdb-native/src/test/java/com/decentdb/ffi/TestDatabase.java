package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.function.Consumer;

/** A fresh database file per test, and shorthands for the calls that most tests make. */
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

    /** Makes a call that DecentDB supports and that the bundled engine may refuse as unsupported. */
    static boolean supported(Runnable call) {
        try {
            call.run();
            return true;
        } catch (NativeException e) {
            assertThat(e.subcode()).isEqualTo("sql.unsupported_feature");
            assertThat(e.status()).isEqualTo(Status.SQL);
            assertThat(library().bundled()).isTrue();
            return false;
        }
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

    /** Returns the rows of a statement that {@link NativeDatabase#execute} runs. */
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
