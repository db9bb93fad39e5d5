package com.decentdb.r2dbc.embedded.open;

import com.decentdb.r2dbc.delivery.threads.Persistent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A database and its users. Guarded by {@link OpenDatabases#LOCK}. */
final class Entry {

    enum State {
        OPENING,
        OPEN,
        CLOSING
    }

    final String key;
    final Database database;
    /** The factory that opened it; another factory that wants to create the file is refused. */
    final Object creator;

    final List<OpenRequest> opening = new ArrayList<>();
    final List<OpenRequest> afterClose = new ArrayList<>();
    final List<Runnable> whenClosed = new ArrayList<>();
    /** The one whose connection was the last; not its live data, which belongs to the database. */
    OpenDatabases.@Nullable Owner lastOwner;

    int users;
    State state = State.OPENING;

    @Nullable
    Future<?> linger;

    @Nullable
    Throwable failure;

    // All that its beginning and its end need memory for is made before they begin.
    final Persistent opened = Persistent.of(() -> OpenDatabases.opened(this));
    final Persistent failed = Persistent.of(() -> OpenDatabases.failed(this));
    final Persistent close;

    Entry(String key, Database database, Object creator) {
        this.key = key;
        this.database = database;
        this.creator = creator;
        Persistent closed = Persistent.of(() -> OpenDatabases.closed(this));
        Runnable whenClosed = closed::begin;
        this.close = Persistent.of(() -> database.close(whenClosed));
    }

    void fail(Throwable error) {
        failure = error;
        failed.begin();
    }
}
