package com.decentdb.r2dbc.transport;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Gives live data its sessions: a connection or a connection factory. */
public interface SessionSource {

    /** Opens a session, which the subscriber closes; an error once {@link #givesSessions()} is false. */
    Mono<Session> liveSession();

    /** Whether there are sessions to open. */
    boolean givesSessions();

    /** Completes live data, as everything that is live now, when this has to end. */
    <T> Flux<T> whileAlive(Flux<T> live);
}
