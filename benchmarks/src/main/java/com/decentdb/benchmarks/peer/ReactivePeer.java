package com.decentdb.benchmarks.peer;

import java.time.Duration;
import reactor.core.publisher.Mono;

/** A peer whose answers are publishers. */
abstract class ReactivePeer implements Peer {

    /** One execution; its value is the number of rows that it read or wrote. */
    abstract Mono<Long> call(Operation operation, int caller);

    /** The counter behind {@link Sample#syncs}, or -1. */
    long syncs(Operation operation) {
        return -1;
    }

    /** Makes ready what each caller needs, outside the measured time. */
    void prepare(int callers) {}

    @Override
    public Sample run(Operation operation, int inFlight, Duration time) throws Exception {
        prepare(inFlight);
        long before = syncs(operation);
        Sample sample = operation == Operation.POINT_BLOCK
                ? Loop.blocking(
                        inFlight,
                        operation.rows(),
                        time,
                        caller -> () -> call(operation.next(), caller).block())
                : Loop.reactive(inFlight, operation.rows(), time, caller -> call(operation.next(), caller));
        return before < 0 ? sample : sample.withSyncs(syncs(operation) - before);
    }
}
