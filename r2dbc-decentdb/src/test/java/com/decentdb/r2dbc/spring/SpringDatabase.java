package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.await;
import static java.util.Objects.requireNonNull;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.cluster.nodes.DqliteLibrary;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.data.r2dbc.config.AbstractR2dbcConfiguration;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A context of Spring over a fresh database for each test. */
final class SpringDatabase implements BeforeEachCallback, AfterEachCallback {

    private final TestDatabase database = new TestDatabase();
    private final Access access;
    private final Class<?> configuration;
    private @Nullable ConnectionFactory factory;
    private @Nullable AnnotationConfigApplicationContext context;

    /** With Spring Data R2DBC and declarative transactions. */
    SpringDatabase(Access access) {
        this(access, Configuration.class);
    }

    /** With a configuration that has one constructor, which takes the connection factory. */
    SpringDatabase(Access access, Class<? extends Configuration> configuration) {
        this.access = access;
        this.configuration = configuration;
    }

    @Override
    public void beforeEach(ExtensionContext test) throws IOException {
        database.beforeEach(test);
        factory = access.open(
                onCluster() ? RealCluster.shared(test).url("failoverTimeout=PT20S") : database.url("linger=0"));
        context = new AnnotationConfigApplicationContext();
        context.registerBean(configuration, factory);
        context.registerBean(
                R2dbcTransactionManager.class,
                () -> new R2dbcTransactionManager(factory()),
                bean -> bean.setPrimary(true));
        context.refresh();
    }

    @Override
    public void afterEach(ExtensionContext test) {
        requireNonNull(context).close();
        await(((Closeable) factory()).close());
        await(DecentDb.factory(factory()).close());
        database.afterEach(test);
    }

    ConnectionFactory factory() {
        return requireNonNull(factory);
    }

    /** Whether the engine is the one that comes with the driver. */
    boolean bundled() {
        return !onCluster() && database.bundled();
    }

    /** Whether it is a database on a cluster. */
    boolean onCluster() {
        return access == Access.CLUSTER;
    }

    /** Whether a statement may return rows that it changes, which older nodes of a cluster lose. */
    boolean returnsRows() {
        return !onCluster() || DqliteLibrary.version() >= DqliteLibrary.RETURNING;
    }

    <T> T bean(Class<T> type) {
        return requireNonNull(context).getBean(type);
    }

    DatabaseClient client() {
        return bean(DatabaseClient.class);
    }

    /** Runs statements one after another, each on its own. */
    void run(String... statements) {
        await(Flux.fromArray(statements)
                .concatMap(sql -> client().sql(sql).fetch().rowsUpdated()));
    }

    /** The first column of the only row. */
    Mono<Long> number(String sql) {
        return client().sql(sql).mapValue(Long.class).one();
    }

    TransactionalOperator transaction(int propagation) {
        return TransactionalOperator.create(
                bean(R2dbcTransactionManager.class), new DefaultTransactionDefinition(propagation));
    }

    @EnableTransactionManagement
    @org.springframework.context.annotation.Configuration
    static class Configuration extends AbstractR2dbcConfiguration {

        private final ConnectionFactory factory;

        Configuration(ConnectionFactory factory) {
            this.factory = factory;
        }

        @Override
        public ConnectionFactory connectionFactory() {
            return factory;
        }
    }
}
