package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.delivery.Lifetime;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.SessionSource;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The live data of a connection: it lasts until its borrower gives the connection back, then anew for the next one. */
final class LiveTerm implements SessionSource {

    /** Keeps the connection reachable, and so open, while its live data has subscribers. */
    private final DefaultConnection connection;

    /** The present term; null while nothing depends on it. */
    private @Nullable Lifetime term;

    LiveTerm(DefaultConnection connection) {
        this.connection = connection;
    }

    @Override
    public Mono<Session> liveSession() {
        return connection.session().sibling();
    }

    @Override
    public boolean givesSessions() {
        return connection.session().isOpen();
    }

    /** Completes it when the present term ends. */
    @Override
    public synchronized <T> Flux<T> whileAlive(Flux<T> live) {
        Lifetime present = term;
        if (present == null) {
            present = new Lifetime();
            term = present;
        }
        return present.bound(live);
    }

    /** Ends the present term and begins the next. */
    void next() {
        Lifetime ended;
        synchronized (this) {
            ended = term;
            term = null;
        }
        if (ended != null) {
            ended.end();
        }
    }
}
