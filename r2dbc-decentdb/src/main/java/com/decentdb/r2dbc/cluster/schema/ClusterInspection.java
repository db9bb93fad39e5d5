package com.decentdb.r2dbc.cluster.schema;

import static com.decentdb.r2dbc.transport.Descriptions.is;
import static com.decentdb.r2dbc.transport.Descriptions.requireName;
import static com.decentdb.r2dbc.transport.Descriptions.text;

import com.decentdb.r2dbc.api.schema.IndexInfo;
import com.decentdb.r2dbc.api.schema.QueryDescription;
import com.decentdb.r2dbc.api.schema.SchemaInspection;
import com.decentdb.r2dbc.api.schema.TableColumn;
import com.decentdb.r2dbc.api.schema.TableInfo;
import com.decentdb.r2dbc.api.schema.ToolingMetadata;
import com.decentdb.r2dbc.api.schema.TriggerInfo;
import com.decentdb.r2dbc.api.schema.ViewInfo;
import com.decentdb.r2dbc.delivery.Spread;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.Descriptions;
import com.decentdb.r2dbc.transport.Errors;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Describes the schema that a session sees. */
public final class ClusterInspection implements SchemaInspection {

    /** The number in the header of SQLite's files. */
    private static final long SQLITE_FORMAT = 3;

    /** How many rows a table has is not known before they are counted, which would keep the node busy. */
    private static final long UNKNOWN_COUNT = -1;

    private final Function<SqlCommand, Flux<Cursor>> run;
    private final Supplier<Mono<String>> version;

    /**
     * Creates the descriptions of a session.
     *
     * @param run runs a query in the session
     * @param version the version of the server, an error if the session is closed
     */
    public ClusterInspection(Function<SqlCommand, Flux<Cursor>> run, Supplier<Mono<String>> version) {
        this.run = run;
        this.version = version;
    }

    private Mono<SchemaMaps> maps() {
        return Mono.defer(() -> SchemaRows.read(run.apply(SchemaRows.QUERY)).map(SchemaMaps::new));
    }

    private <T> Flux<T> each(
            Function<SchemaMaps, List<Map<String, @Nullable Object>>> objects,
            Function<Map<String, @Nullable Object>, T> info) {
        return Spread.of(maps().map(objects)).map(info);
    }

    @Override
    public Mono<Map<String, Object>> schema() {
        return maps().map(SchemaMaps::all);
    }

    @Override
    public Flux<TableInfo> listTables() {
        return each(SchemaMaps::tables, table -> Descriptions.table(table, UNKNOWN_COUNT));
    }

    @Override
    public Flux<TableColumn> tableColumns(String table) {
        return Spread.of(named(SchemaMaps::tables, "table", table).map(Descriptions::columns));
    }

    @Override
    public Mono<String> tableDdl(String table) {
        return named(SchemaMaps::tables, "table", table).map(found -> text(found, "ddl"));
    }

    @Override
    public Flux<IndexInfo> listIndexes() {
        return each(SchemaMaps::indexes, Descriptions::index);
    }

    @Override
    public Flux<ViewInfo> listViews() {
        return each(SchemaMaps::views, Descriptions::view);
    }

    @Override
    public Mono<String> viewDdl(String view) {
        return named(SchemaMaps::views, "view", view).map(found -> text(found, "ddl"));
    }

    @Override
    public Flux<TriggerInfo> listTriggers() {
        return each(SchemaMaps::triggers, Descriptions::trigger);
    }

    @Override
    public Mono<ToolingMetadata> toolingMetadata() {
        return Mono.zip(version.get(), maps(), (server, maps) -> {
            Map<String, @Nullable Object> schema = new LinkedHashMap<>(maps.all());
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("engine_version", server);
            json.put("database_format_version", SQLITE_FORMAT);
            json.put("schema_cookie", maps.version());
            json.put("schema_fingerprint", digest(maps.statements()));
            json.put("schema", schema);
            return new ToolingMetadata(
                    server, SQLITE_FORMAT, maps.version(), text(json, "schema_fingerprint"), schema, json);
        });
    }

    @Override
    public Mono<QueryDescription> describeQuery(String sql) {
        return Mono.error(Errors.of(
                "0A000", "A dqlite cluster describes no statement without running it; run it with LIMIT 0", sql));
    }

    @Override
    public Mono<String> version() {
        return Mono.defer(version);
    }

    private Mono<Map<String, @Nullable Object>> named(
            Function<SchemaMaps, List<Map<String, @Nullable Object>>> objects, String kind, String name) {
        requireName(name);
        return maps().flatMap(maps -> objects.apply(maps).stream()
                .filter(object -> text(object, "name").equals(name))
                // A temporary one hides the other.
                .max((one, other) -> Boolean.compare(is(one, "temporary"), is(other, "temporary")))
                .map(Mono::just)
                .orElseGet(() ->
                        Mono.error(Errors.of("42P01", "There is no " + kind + " " + Errors.shorten(name), null))));
    }

    private static String digest(List<String> statements) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            statements.forEach(sql -> digest.update((sql + ";\n").getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JVM has SHA-256", e);
        }
    }
}
