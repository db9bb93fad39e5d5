package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.SessionSource;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The live data of a connection: it lasts until its borrower gives the connection back, then anew for the next one. */
final class LiveTerm implements SessionSource {

    /** Keeps the connection reachable, and so open, while its live data has subscribers. */
    private final DefaultConnection connection;

    /** Ends the live data of the present term; null while there is none. */
    private Sinks.@Nullable Empty<Void> term;

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

    /** Completes when the present term ends. */
    @Override
    public synchronized Mono<Void> endOfLife() {
        Sinks.Empty<Void> end = term;
        if (end == null) {
            end = Sinks.empty();
            term = end;
        }
        return end.asMono();
    }

    /** Ends the present term and begins the next. */
    void next() {
        Sinks.@Nullable Empty<Void> ended;
        synchronized (this) {
            ended = term;
            term = null;
        }
        if (ended != null) {
            ended.tryEmitEmpty();
        }
    }
}
