package com.decentdb.r2dbc.cluster.nodes;

import static com.decentdb.r2dbc.TestDatabase.awaitUntil;

import io.micrometer.core.instrument.Metrics;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Each class of tests closes its factories of clusters: those that are left count in the meters of the classes after it,
 * until the garbage collector finds them. JUnit finds this extension by itself.
 */
public final class ClosedFactories implements AfterAllCallback {

    @Override
    public void afterAll(ExtensionContext context) {
        awaitUntil(
                "all factories of clusters are closed",
                () -> Metrics.globalRegistry.getMeters().stream()
                        .noneMatch(meter -> meter.getId().getName().startsWith("decentdb.cluster.")));
    }
}
