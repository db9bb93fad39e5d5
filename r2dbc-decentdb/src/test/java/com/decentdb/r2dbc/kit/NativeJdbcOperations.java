package com.decentdb.r2dbc.kit;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.PreparedStatementCallback;

/**
 * The little of Spring's JDBC template that the test kit uses, over the native interface: the kit prepares and checks its
 * data beside the driver under test.
 */
final class NativeJdbcOperations {

    private final Path file;

    private NativeJdbcOperations(Path file) {
        this.file = file;
    }

    static JdbcOperations on(Path file) {
        NativeJdbcOperations operations = new NativeJdbcOperations(file);
        return (JdbcOperations) Proxy.newProxyInstance(
                JdbcOperations.class.getClassLoader(),
                new Class<?>[] {JdbcOperations.class},
                (proxy, method, arguments) -> operations.call(method, arguments));
    }

    private @Nullable Object call(Method method, Object[] arguments) throws Exception {
        if (!method.getName().equals("execute") || !(arguments[0] instanceof String sql)) {
            throw new UnsupportedOperationException(method.toString());
        }
        try (NativeDatabase database = NativeLibrary.load(null).open(file.toString(), OpenMode.OPEN_OR_CREATE, "")) {
            if (arguments.length == 1) {
                database.execute(sql, Parameters.of(0)).close();
                return null;
            }
            return ((PreparedStatementCallback<?>) arguments[1])
                    .doInPreparedStatement(statement(database, sql.replace("?", "$1")));
        }
    }

    private static PreparedStatement statement(NativeDatabase database, String sql) {
        Parameters parameters = Parameters.of(1);
        return (PreparedStatement) Proxy.newProxyInstance(
                PreparedStatement.class.getClassLoader(),
                new Class<?>[] {PreparedStatement.class},
                (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "setBytes" -> parameters.setBlob((int) arguments[0] - 1, (byte[]) arguments[1]);
                        case "setString" -> parameters.setText((int) arguments[0] - 1, (String) arguments[1]);
                        case "executeUpdate" -> {
                            try (var result = database.execute(sql, parameters)) {
                                return Math.toIntExact(result.affectedRows());
                            }
                        }
                        default -> throw new UnsupportedOperationException(method.toString());
                    }
                    return null;
                });
    }
}
