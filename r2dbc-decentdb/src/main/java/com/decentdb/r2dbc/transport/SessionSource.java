package com.decentdb.r2dbc.transport;

import reactor.core.publisher.Mono;

/** Gives live data its sessions: a connection or a connection factory. */
public interface SessionSource {

    /** Opens a session, which the subscriber closes; an error once {@link #givesSessions()} is false. */
    Mono<Session> liveSession();

    /** Whether there are sessions to open. */
    boolean givesSessions();

    /** Completes when everything live now has to end. */
    Mono<Void> endOfLife();
}
