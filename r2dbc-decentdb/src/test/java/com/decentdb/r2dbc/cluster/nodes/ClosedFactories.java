package com.decentdb.r2dbc.cluster.nodes;

import static com.decentdb.r2dbc.TestDatabase.awaitUntil;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Metrics;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Each class of tests closes its factories of clusters: those that are left count in the meters of the classes after it,
 * until the garbage collector finds them. One that is left fails its own class alone. JUnit finds this extension by itself.
 */
public final class ClosedFactories implements AfterAllCallback {

    private static final Set<Meter> LEFT = ConcurrentHashMap.newKeySet();

    @Override
    public void afterAll(ExtensionContext context) {
        try {
            awaitUntil("all factories of clusters are closed", () -> meters().allMatch(LEFT::contains));
        } finally {
            meters().forEach(LEFT::add);
        }
    }

    private static Stream<Meter> meters() {
        return Metrics.globalRegistry.getMeters().stream()
                .filter(meter -> meter.getId().getName().startsWith("decentdb.cluster."));
    }
}
