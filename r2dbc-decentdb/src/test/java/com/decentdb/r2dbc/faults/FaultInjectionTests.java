package com.decentdb.r2dbc.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory runs out wherever the driver needs some: at each hand-over between threads, in each timer, poller and end. One statement fails
 * with an error that says so; everything else lives on, nothing is kept, and the database can be closed and opened again.
 */
@Timeout(value = 2, unit = TimeUnit.HOURS)
class FaultInjectionTests {

    /** How many of the places fail, in one test. */
    private static final int PLACES = Integer.getInteger("faults.places", 40);

    private static final long REFUSAL_MILLIS = Long.getLong("faults.refusal", 1_000);

    private static Class<?> scenario;

    @TempDir
    Path folder;

    private final Random random = new Random(Long.getLong("faults.seed", System.nanoTime()));

    @BeforeAll
    static void load() throws Exception {
        scenario = new FaultyLoader().loadClass(Scenario.class.getName());
        scenario.getMethod("prepare").invoke(null);
    }

    @AfterEach
    void disarm() {
        FaultPoints.disarm();
    }

    @Test
    void memoryThatRunsOutOnceFailsOneStep() throws Exception {
        String file = create();
        for (int place : some(placesOf(file))) {
            FaultPoints.follow(new FaultPoints.Failure(place, 0, 1, () -> new OutOfMemoryError("thrown by a test")));

            assertThat(run(file, false))
                    .as("memory ran out at " + FaultPoints.describe(place))
                    .isEmpty();
        }
    }

    /** The error is on its way to the subscriber, by operators that go on to the rollback. */
    @Test
    void memoryThatRunsOutAtACommitAndBehindItFailsTheTransaction() throws Exception {
        String file = create();
        AtomicInteger failures = new AtomicInteger();
        FaultPoints.follow(place -> {
            int before = failures.get();
            String next = before == 0 ? "LaneTransaction.commitNow" : "EmbeddedSession";
            if (before < 2
                    && FaultPoints.describe(place).contains(next)
                    && failures.compareAndSet(before, before + 1)) {
                throw new OutOfMemoryError("thrown by a test");
            }
        });

        assertThat(run(file, true)).isEmpty();
        assertThat(failures).hasValue(2);
    }

    /** Several failures in a row are more cases than a short run can go through. */
    @Test
    @EnabledIfSystemProperty(named = "faults.several", matches = "true")
    void memoryThatRunsOutForAWhileFailsStepsAndNothingElse() throws Exception {
        String file = create();
        for (int place : some(placesOf(file))) {
            int times = 1 + random.nextInt(20);
            int visit = random.nextInt(3);
            FaultPoints.follow(
                    new FaultPoints.Failure(place, visit, times, () -> new OutOfMemoryError("thrown by a test")));

            assertThat(run(file, true))
                    .as("memory ran out %d times from %s, visit %d", times, FaultPoints.describe(place), visit)
                    .isEmpty();
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "faults.several", matches = "true")
    void aStackThatRunsOutFailsStepsAndNothingElse() throws Exception {
        String file = create();
        for (int place : some(placesOf(file))) {
            FaultPoints.follow(new FaultPoints.Failure(place, 0, 1, () -> new StackOverflowError("thrown by a test")));

            assertThat(run(file, true))
                    .as("no stack at " + FaultPoints.describe(place))
                    .isEmpty();
        }
    }

    @Test
    void statementsWaitOrFailWhileNoThreadCanBeStarted() throws Exception {
        String file = create();
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(REFUSAL_MILLIS) + TimeUnit.SECONDS.toNanos(2);
        FaultPoints.follow(place -> {
            if (FaultPoints.describe(place).contains(".newThread:") && System.nanoTime() < end) {
                throw new OutOfMemoryError("unable to create native thread");
            }
        });

        assertThat(call("withoutThreads", file)).isEqualTo("");
    }

    private String create() throws Exception {
        String file = folder.resolve("test.ddb").toString();
        call("create", file);
        return file;
    }

    /** The places that the scenario reaches. */
    private List<Integer> placesOf(String file) throws Exception {
        Set<Integer> reached = ConcurrentHashMap.newKeySet();
        FaultPoints.follow(reached::add);
        for (int i = 0; i < 2; i++) {
            assertThat(run(file, false)).isEmpty();
        }
        return new ArrayList<>(new TreeSet<>(reached));
    }

    private List<Integer> some(List<Integer> places) {
        List<Integer> chosen = new ArrayList<>(places);
        while (chosen.size() > PLACES) {
            chosen.remove(random.nextInt(chosen.size()));
        }
        return chosen;
    }

    private static String run(String file, boolean several) throws Exception {
        return String.valueOf(
                scenario.getMethod("run", String.class, boolean.class).invoke(null, file, several));
    }

    private static Object call(String method, String file) throws Exception {
        try {
            return String.valueOf(scenario.getMethod(method, String.class).invoke(null, file));
        } catch (InvocationTargetException e) {
            throw new AssertionError("The scenario failed", e.getCause());
        }
    }
}
