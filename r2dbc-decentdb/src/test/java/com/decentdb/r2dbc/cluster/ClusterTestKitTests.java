package com.decentdb.r2dbc.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.cluster.nodes.NodeClient;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import com.decentdb.r2dbc.kit.DriverTestKit;
import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.PreparedStatement;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.PreparedStatementCallback;

/** The test kit of R2DBC on a real cluster. */
class ClusterTestKitTests implements DriverTestKit {

    @RegisterExtension
    static final RealCluster CLUSTER = new RealCluster();

    private ConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:dqlite://127.0.0.1:1/none");

    @BeforeEach
    void open() {
        factory = DecentDb.factory(CLUSTER.url());
    }

    @AfterEach
    void close() {
        TestDatabase.await(((Closeable) factory).close());
    }

    @Override
    public ConnectionFactory getConnectionFactory() {
        return factory;
    }

    /** The little of it that the kit uses, over a client of the tests' own. */
    @Override
    public JdbcOperations getJdbcOperations() {
        return (JdbcOperations) Proxy.newProxyInstance(
                JdbcOperations.class.getClassLoader(),
                new Class<?>[] {JdbcOperations.class},
                (proxy, method, arguments) -> call(method, arguments));
    }

    private static @Nullable Object call(Method method, Object[] arguments) throws Exception {
        if (!method.getName().equals("execute") || !(arguments[0] instanceof String sql)) {
            throw new UnsupportedOperationException(method.toString());
        }
        try (NodeClient client = CLUSTER.client()) {
            if (arguments.length == 1) {
                client.execute(sql);
                return null;
            }
            return ((PreparedStatementCallback<?>) arguments[1]).doInPreparedStatement(statement(client, sql));
        } catch (IOException e) {
            throw new DataAccessResourceFailureException("The kit's own client failed", e);
        }
    }

    private static PreparedStatement statement(NodeClient client, String sql) {
        Object[] bound = new Object[1];
        return (PreparedStatement) Proxy.newProxyInstance(
                PreparedStatement.class.getClassLoader(),
                new Class<?>[] {PreparedStatement.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "setBytes", "setString" -> {
                        bound[0] = arguments[1];
                        yield null;
                    }
                    case "executeUpdate" -> Math.toIntExact(client.execute(sql, bound[0]));
                    default -> throw new UnsupportedOperationException(method.toString());
                });
    }

    @Test
    void theKitKnowsTheDatabaseByName() {
        assertThat(factory.getMetadata().getName()).isEqualTo("dqlite");
    }
}
