package com.decentdb.r2dbc.kit;

import com.decentdb.r2dbc.TestDatabase;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.core.JdbcOperations;

/** The test kit of R2DBC, all 34 tests of it, which {@link TestKitCompletenessTests} counts. */
class TestKitTests implements DriverTestKit {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @Override
    public ConnectionFactory getConnectionFactory() {
        return database.factory();
    }

    @Override
    public JdbcOperations getJdbcOperations() {
        return NativeJdbcOperations.on(database.file());
    }
}
