package com.decentdb.r2dbc.spring;

import io.r2dbc.spi.ConnectionFactory;
import java.util.Map;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;

/**
 * Adds {@code decentDb} to the health of a Spring Boot application that has the actuator and a connection factory: whether the
 * database answers, and which engine, or which leader of a cluster, did. {@code management.health.decentdb.enabled=false} leaves
 * it out. Boot 4 moved the types that health is made of, so there is one bean for each of its lines.
 */
@AutoConfiguration(
        afterName = {
            "org.springframework.boot.autoconfigure.r2dbc.R2dbcAutoConfiguration",
            "org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration"
        })
@ConditionalOnBean(ConnectionFactory.class)
@Conditional(HealthEnabled.class)
public class DecentDbHealthAutoConfiguration {

    private static final String BOOT_4 = "org.springframework.boot.health.contributor.ReactiveHealthIndicator";
    private static final String BOOT_3 = "org.springframework.boot.actuate.health.ReactiveHealthIndicator";

    /** For Spring. */
    public DecentDbHealthAutoConfiguration() {}

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = BOOT_4)
    static class Boot4 {

        @Bean
        @ConditionalOnMissingBean(name = "decentDbHealthIndicator")
        Boot4Health decentDbHealthIndicator(Map<String, ConnectionFactory> factories) {
            return new Boot4Health(new DatabaseHealth(factories));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(name = BOOT_3)
    @ConditionalOnMissingClass(BOOT_4)
    static class Boot3 {

        @Bean
        @ConditionalOnMissingBean(name = "decentDbHealthIndicator")
        Boot3Health decentDbHealthIndicator(Map<String, ConnectionFactory> factories) {
            return new Boot3Health(new DatabaseHealth(factories));
        }
    }
}
