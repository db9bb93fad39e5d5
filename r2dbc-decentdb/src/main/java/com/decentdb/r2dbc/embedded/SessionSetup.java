package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.delivery.Bracket;
import com.decentdb.r2dbc.embedded.engine.EngineJson;
import com.decentdb.r2dbc.embedded.open.Database;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.WatchRequest;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The setup that a session has made on its pinned handle, so that its live data, which is read on another one, sees the same: settings
 * and the audit context are repeated there. TEMP objects cannot be, so what names one is refused. Thread-safe.
 */
final class SessionSetup {

    /** Each setting under its name, so that the last one counts. */
    private final Map<String, Consumer<NativeDatabase>> settings = new LinkedHashMap<>();

    /** The TEMP objects of the session for which this one reads, in lower case. */
    private volatile Set<String> hidden = Set.of();

    /** Another session on the same database, which sees what this one has set up so far. */
    static Mono<Session> sibling(EmbeddedSession origin, Database database, Duration lockWait) {
        if (database.shared().readers() == null && origin.inTransaction()) {
            return Mono.error(Errors.waitsForTransaction("Anything else on a database in memory"));
        }
        Mono<Session> sibling = EmbeddedTransport.connect(database, database.config(), Duration.ZERO);
        return origin.place.isPinned()
                ? sibling.flatMap(other -> alike(origin, (EmbeddedSession) other, lockWait))
                : sibling;
    }

    /** Lets a session see what another one has set up so far; it is closed if that fails. */
    private static Mono<Session> alike(EmbeddedSession origin, EmbeddedSession other, Duration lockWait) {
        return Mono.fromDirect(new Bracket<>(
                Mono.just(other),
                opened -> setUp(origin, opened, lockWait).thenReturn((Session) opened),
                done -> Mono.empty(),
                EmbeddedSession::close));
    }

    private static Mono<Void> setUp(EmbeddedSession origin, EmbeddedSession other, Duration lockWait) {
        List<Consumer<NativeDatabase>> settings = origin.place.setup().settings();
        return origin.describe(SessionSetup::temporary).flatMap(names -> {
            other.place.setup().hide(names);
            if (settings.isEmpty()) {
                return Mono.empty();
            }
            other.place.pin("Live data of a connection with settings", null, false);
            return other.onOwnLane("Live data", lockWait, handle -> settings.forEach(each -> each.accept(handle)));
        });
    }

    /** Notes a statement that ran and left something in the session. */
    synchronized void ran(SqlCommand sql) {
        String setting = sql.setting();
        if (setting != null) {
            settings.put(
                    setting,
                    handle -> handle.execute(sql.text(), Parameters.of(0)).close());
        }
    }

    /** Notes a value of the audit context; null for one that was removed. */
    synchronized void audit(String key, @Nullable String value) {
        settings.put(SqlCommand.auditSetting(key), handle -> handle.setAuditContext(key, value));
    }

    /** All of it as it is now, to be repeated on another handle. */
    synchronized List<Consumer<NativeDatabase>> settings() {
        return List.copyOf(settings.values());
    }

    /** Refuses the names of these TEMP objects, which this session cannot see. */
    void hide(Set<String> names) {
        hidden = names;
    }

    /** The names of the TEMP objects of a handle that can be read or watched, in lower case. */
    static Set<String> temporary(NativeDatabase handle) {
        Set<String> names = new HashSet<>();
        for (String json : List.of(handle.listTables(), handle.listViews())) {
            for (Map<String, @Nullable Object> object : EngineJson.array(json, "the schema")) {
                if (Boolean.TRUE.equals(object.get("temporary"))) {
                    names.add(String.valueOf(object.get("name")).toLowerCase(Locale.ROOT));
                }
            }
        }
        return names;
    }

    /** The error of a statement that names what is hidden; null if it names nothing of that. */
    @Nullable
    R2dbcException refusal(SqlCommand sql) {
        return hidden.isEmpty() ? null : refusal(sql.names(), sql.source());
    }

    /** The error of a watch on what is hidden; null if there is none. */
    @Nullable
    R2dbcException refusal(WatchRequest request) {
        if (hidden.isEmpty()) {
            return null;
        } else if (request instanceof WatchRequest.Tables tables) {
            return refusal(tables.tables(), null);
        } else if (request instanceof WatchRequest.Range range) {
            return refusal(List.of(range.table()), null);
        } else if (request instanceof WatchRequest.Changes changes) {
            return refusal(changes.tables(), null);
        }
        return refusal(SqlCommand.of(((WatchRequest.Query) request).sql()));
    }

    private @Nullable R2dbcException refusal(Iterable<String> names, @Nullable String sql) {
        for (String name : names) {
            if (hidden.contains(name.toLowerCase(Locale.ROOT))) {
                return Errors.of(
                        "0A000",
                        "Live data is read on another native handle than that of its connection, which alone has the TEMP object "
                                + name + ". Use a table or view that is not temporary, or read it again yourself",
                        sql);
            }
        }
        return null;
    }
}
