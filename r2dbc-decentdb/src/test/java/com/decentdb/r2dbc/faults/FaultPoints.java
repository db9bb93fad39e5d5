package com.decentdb.r2dbc.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The places in the driver that need memory, of which {@link FaultyLoader} knows, and what happens when a thread reaches one. */
public final class FaultPoints {

    private static final List<String> PLACES = new ArrayList<>();
    private static final AtomicReference<@Nullable Plan> PLAN = new AtomicReference<>();

    private static volatile boolean armed;

    private FaultPoints() {}

    /** Called at each place. */
    interface Plan {

        void reached(int place);
    }

    /** Called by the driver's classes, as the loader changed them, before they need memory. */
    public static void reached(int place) {
        Plan plan = armed ? PLAN.get() : null;
        if (plan != null) {
            plan.reached(place);
        }
    }

    /** From now on it happens. */
    public static void arm() {
        armed = true;
    }

    /** Nothing happens any more. */
    public static void disarm() {
        armed = false;
    }

    static synchronized int add(String description) {
        PLACES.add(description);
        return PLACES.size() - 1;
    }

    static synchronized String describe(int place) {
        return PLACES.get(place);
    }

    static void follow(Plan plan) {
        PLAN.set(plan);
    }

    /** Throws at one of the places that a thread reaches, and at some that any thread reaches after it. */
    static final class Failure implements Plan {

        private final int place;
        private final Supplier<? extends Error> error;
        private final AtomicInteger visitsBefore;
        private final AtomicInteger left;

        /**
         * A failure that is to come.
         *
         * @param visit how often the place is reached before
         * @param times how many places fail
         */
        Failure(int place, int visit, int times, Supplier<? extends Error> error) {
            this.place = place;
            this.visitsBefore = new AtomicInteger(visit);
            this.left = new AtomicInteger(times);
            this.error = error;
        }

        @Override
        public void reached(int here) {
            boolean begun = visitsBefore.get() < 0;
            if ((begun || (here == place && visitsBefore.getAndDecrement() == 0)) && left.getAndDecrement() > 0) {
                throw error.get();
            }
        }

        boolean happened() {
            return visitsBefore.get() < 0;
        }
    }
}
