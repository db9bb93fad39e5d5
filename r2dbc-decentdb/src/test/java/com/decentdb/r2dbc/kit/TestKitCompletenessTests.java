package com.decentdb.r2dbc.kit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;

/** An override without {@code @Test} is not run as a test, without any sign. */
class TestKitCompletenessTests {

    @Test
    void theWholeKitRuns() {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(TestKitTests.class))
                .execute()
                .testEvents()
                .assertStatistics(events ->
                        events.started(34).succeeded(34).skipped(0).aborted(0).failed(0));
    }
}
