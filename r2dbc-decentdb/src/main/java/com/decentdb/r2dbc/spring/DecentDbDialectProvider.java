package com.decentdb.r2dbc.spring;

import io.r2dbc.spi.ConnectionFactory;
import java.util.Optional;
import org.springframework.data.r2dbc.dialect.DialectResolver.R2dbcDialectProvider;
import org.springframework.data.r2dbc.dialect.R2dbcDialect;

/** How Spring Data finds {@link DecentDbDialect}. */
final class DecentDbDialectProvider implements R2dbcDialectProvider {

    @Override
    public Optional<R2dbcDialect> getDialect(ConnectionFactory factory) {
        if (DecentDbBindMarkersProvider.isDecentDb(factory)) {
            return Optional.of(DecentDbDialect.INSTANCE);
        }
        return DecentDbBindMarkersProvider.isCluster(factory) ? Optional.of(ClusterDialect.INSTANCE) : Optional.empty();
    }
}
