package com.decentdb.r2dbc.spring;

import com.decentdb.r2dbc.api.DecentDbConnectionMetadata;
import com.decentdb.r2dbc.api.EngineInfo;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.ValidationDepth;
import java.util.LinkedHashMap;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Asks the databases of this driver among some connection factories.
 *
 * @param factories by their names
 */
record DatabaseHealth(Map<String, ConnectionFactory> factories) {

    /**
     * The details of each database by the name of its factory, of a single one without that; empty if none is of this driver, an
     * error if one does not answer.
     */
    Mono<Map<String, Object>> details() {
        return Flux.fromIterable(factories.entrySet())
                .filter(each -> isOurs(each.getValue()))
                .flatMapSequential(each -> details(each.getValue()).map(found -> Map.entry(each.getKey(), found)))
                .collect(
                        LinkedHashMap<String, Map<String, Object>>::new,
                        (all, each) -> all.put(each.getKey(), each.getValue()))
                .filter(all -> !all.isEmpty())
                .map(all -> all.size() == 1 ? all.values().iterator().next() : new LinkedHashMap<String, Object>(all));
    }

    private static boolean isOurs(ConnectionFactory factory) {
        return DecentDbBindMarkersProvider.isDecentDb(factory) || DecentDbBindMarkersProvider.isCluster(factory);
    }

    private static Mono<Map<String, Object>> details(ConnectionFactory factory) {
        return Mono.usingWhen(
                factory.create(),
                connection -> Mono.from(connection.validate(ValidationDepth.REMOTE))
                        .flatMap(valid -> valid
                                ? Mono.just(details(connection.getMetadata()))
                                : Mono.error(new IllegalStateException("The database does not answer"))),
                Connection::close);
    }

    private static Map<String, Object> details(ConnectionMetadata metadata) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("database", metadata.getDatabaseProductName());
        details.put("version", metadata.getDatabaseVersion());
        // A proxy may hide the driver's own metadata.
        if (metadata instanceof DecentDbConnectionMetadata known) {
            EngineInfo engine = known.engine();
            details.put("source", engine.source());
            details.put("path", engine.path());
            details.put("driver", engine.driverVersion());
        }
        return details;
    }
}
