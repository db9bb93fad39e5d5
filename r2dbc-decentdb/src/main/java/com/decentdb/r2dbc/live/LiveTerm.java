package com.decentdb.r2dbc.live;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** How long what is live by a connection lasts: until its borrower gives it back, then anew for the next one. */
public final class LiveTerm {

    private Sinks.Empty<Void> term = Sinks.empty();

    /** Completes when the present term ends. */
    public synchronized Mono<Void> end() {
        return term.asMono();
    }

    public void next() {
        Sinks.Empty<Void> ended;
        synchronized (this) {
            ended = term;
            term = Sinks.empty();
        }
        ended.tryEmitEmpty();
    }
}
