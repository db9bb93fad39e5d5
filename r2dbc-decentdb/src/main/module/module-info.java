/** The R2DBC driver for DecentDB. */
module com.decentdb.r2dbc {
    requires transitive r2dbc.spi;
    requires transitive r2dbc.pool;
    requires transitive reactor.core;
    requires transitive org.reactivestreams;
    requires com.decentdb.ffi;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.jr.ob;
    requires io.netty.common;
    // Reactor and its pool are automatic modules, and cannot say that they need these.
    requires java.logging;
    requires java.management;
    requires static io.netty.buffer;
    requires static io.netty.codec;
    requires static io.netty.handler;
    requires static io.netty.transport;
    requires static io.netty.transport.classes.epoll;
    requires static micrometer.core;
    requires static org.jspecify;
    requires static org.locationtech.jts;
    requires static reactor.blockhound;
    requires static spring.beans;
    requires static spring.boot;
    requires static spring.boot.actuator;
    requires static spring.boot.autoconfigure;
    requires static spring.boot.health;
    requires static spring.context;
    requires static spring.core;
    requires static spring.data.commons;
    requires static spring.data.r2dbc;
    requires static spring.data.relational;
    requires static spring.r2dbc;

    exports com.decentdb.r2dbc;
    exports com.decentdb.r2dbc.api;
    exports com.decentdb.r2dbc.api.cluster;
    exports com.decentdb.r2dbc.api.schema;
    exports com.decentdb.r2dbc.spring;

    // Spring Boot makes beans of what is in it.
    opens com.decentdb.r2dbc.spring;

    uses com.decentdb.r2dbc.api.CodecExtension;

    provides io.r2dbc.spi.ConnectionFactoryProvider with
            com.decentdb.r2dbc.DecentDbConnectionFactoryProvider;
// BlockHound finds its integration on the class path: a module provides no service of an optional module.
}
