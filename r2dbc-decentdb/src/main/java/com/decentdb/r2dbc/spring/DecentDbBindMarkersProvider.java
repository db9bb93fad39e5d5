package com.decentdb.r2dbc.spring;

import io.r2dbc.spi.ConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.binding.BindMarkersFactory;
import org.springframework.r2dbc.core.binding.BindMarkersFactoryResolver.BindMarkerFactoryProvider;

/** How {@code DatabaseClient} learns to write {@code $1}; apart from the dialect, for Spring without Spring Data. */
final class DecentDbBindMarkersProvider implements BindMarkerFactoryProvider {

    static final BindMarkersFactory MARKERS = BindMarkersFactory.indexed("$", 1);

    @Override
    public @Nullable BindMarkersFactory getBindMarkers(ConnectionFactory factory) {
        return isDecentDb(factory) || isCluster(factory) ? MARKERS : null;
    }

    /** Pools and proxies pass the name of the driver on. */
    static boolean isDecentDb(ConnectionFactory factory) {
        return factory.getMetadata().getName().equals("DecentDB");
    }

    /** Whether the driver's connections lead to a cluster. */
    static boolean isCluster(ConnectionFactory factory) {
        return factory.getMetadata().getName().equals("dqlite");
    }
}
