package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static com.decentdb.r2dbc.TestDatabase.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.cluster.nodes.RealCluster;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.spi.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Objects;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import reactor.core.publisher.Mono;

/** The health of an application of Spring Boot that uses the driver. */
class HealthTests {

    private static final String BEAN = "decentDbHealthIndicator";

    /** Boot's lines; each has one of the types of health. */
    enum Line {
        BOOT_3("org.springframework.boot.health"),
        BOOT_4("org.springframework.boot.actuate.health");

        private final String absent;

        Line(String absent) {
            this.absent = absent;
        }

        ApplicationContextRunner application() {
            return new ApplicationContextRunner()
                    .withClassLoader(new FilteredClassLoader(absent))
                    .withConfiguration(AutoConfigurations.of(DecentDbHealthAutoConfiguration.class));
        }
    }

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    /** The indicator's answer: the status, and the details in braces. */
    private static String health(ApplicationContext context) {
        Object indicator = context.getBean(BEAN);
        Mono<?> health = indicator instanceof Boot3Health three ? three.health() : ((Boot4Health) indicator).health();
        return Objects.toString(health.block(PATIENCE));
    }

    @ParameterizedTest
    @EnumSource
    void saysWhichEngineAnswers(Line line) {
        String version = database.connect().getMetadata().getDatabaseVersion();

        line.application()
                .withBean("app", ConnectionFactory.class, database::factory)
                .run(context -> {
                    assertThat(context).hasBean(BEAN);
                    assertThat(health(context))
                            .startsWith("UP ")
                            .contains("database=DecentDB", "version=" + version, "driver=0.1.0")
                            .doesNotContain("app=");
                });
    }

    @ParameterizedTest
    @EnumSource
    void isDownWithTheReasonIfTheDatabaseCannotBeOpened(Line line) throws IOException {
        Files.writeString(database.file(), "This is no database. ".repeat(1000));

        line.application()
                .withBean(ConnectionFactory.class, database::factory)
                .run(context -> assertThat(health(context)).startsWith("DOWN ").contains("error="));
    }

    @ParameterizedTest
    @EnumSource
    void isLeftOutAsBootLeavesOutIndicators(Line line) {
        ApplicationContextRunner application = line.application().withBean(ConnectionFactory.class, database::factory);

        application
                .withPropertyValues("management.health.decentdb.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(BEAN));
        application
                .withPropertyValues("management.health.defaults.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(BEAN));
        application
                .withPropertyValues(
                        "management.health.defaults.enabled=false", "management.health.decentdb.enabled=true")
                .run(context -> assertThat(context).hasBean(BEAN));
        line.application().run(context -> assertThat(context).doesNotHaveBean(BEAN));
    }

    @Test
    void severalDatabasesAreNamedAfterTheirBeans() {
        Line.BOOT_4
                .application()
                .withBean("books", ConnectionFactory.class, database::factory)
                .withBean("cache", ConnectionFactory.class, () -> DecentDb.createPool("r2dbc:decentdb:mem:///health"))
                .run(context -> assertThat(health(context)).startsWith("UP ").contains("books={", "cache={"));
    }

    @Test
    void aProxyIsLookedThrough() {
        Line.BOOT_4
                .application()
                .withBean(
                        ConnectionFactory.class,
                        () -> ProxyConnectionFactory.builder(database.factory()).build())
                .run(context -> assertThat(health(context)).startsWith("UP ").contains("database=DecentDB"));
    }

    @Test
    void anApplicationWithoutTheActuatorHasNone() {
        new ApplicationContextRunner()
                .withClassLoader(
                        new FilteredClassLoader("org.springframework.boot.health", "org.springframework.boot.actuate"))
                .withConfiguration(AutoConfigurations.of(DecentDbHealthAutoConfiguration.class))
                .withBean(ConnectionFactory.class, database::factory)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(BEAN));
    }

    @Test
    void bootFindsTheConfigurationByItself() {
        assertThat(ImportCandidates.load(AutoConfiguration.class, getClass().getClassLoader()))
                .contains(DecentDbHealthAutoConfiguration.class.getName());
    }

    @Nested
    class OnACluster {

        @RegisterExtension
        static final RealCluster CLUSTER = new RealCluster();

        @ParameterizedTest
        @EnumSource
        void saysWhichNodeLeads(Line line) {
            DecentDbConnectionFactory factory = DecentDb.factory(CLUSTER.url());

            line.application().withBean(ConnectionFactory.class, () -> factory).run(context -> {
                for (int leaders = 0; leaders < 2; leaders++) {
                    assertThat(health(context))
                            .startsWith("UP ")
                            .contains("source=a dqlite cluster led by "
                                    + CLUSTER.leader().address());
                    CLUSTER.transferTo(CLUSTER.follower());
                }
            });
            await(factory.close());
        }
    }
}
