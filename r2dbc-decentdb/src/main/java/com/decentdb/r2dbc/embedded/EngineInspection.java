package com.decentdb.r2dbc.embedded;

import static com.decentdb.r2dbc.transport.Descriptions.is;
import static com.decentdb.r2dbc.transport.Descriptions.maps;
import static com.decentdb.r2dbc.transport.Descriptions.number;
import static com.decentdb.r2dbc.transport.Descriptions.requireName;
import static com.decentdb.r2dbc.transport.Descriptions.text;
import static com.decentdb.r2dbc.transport.Descriptions.textOrNull;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.schema.IndexInfo;
import com.decentdb.r2dbc.api.schema.QueryDescription;
import com.decentdb.r2dbc.api.schema.SchemaInspection;
import com.decentdb.r2dbc.api.schema.TableColumn;
import com.decentdb.r2dbc.api.schema.TableInfo;
import com.decentdb.r2dbc.api.schema.ToolingMetadata;
import com.decentdb.r2dbc.api.schema.TriggerInfo;
import com.decentdb.r2dbc.api.schema.ViewInfo;
import com.decentdb.r2dbc.delivery.Spread;
import com.decentdb.r2dbc.embedded.engine.EngineJson;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.transport.Descriptions;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Reads the engine's JSON descriptions into typed ones. Fields that an engine leaves out have empty values. */
final class EngineInspection implements SchemaInspection {

    /** Calls the handle that sees what the session sees. */
    @FunctionalInterface
    interface Handle {
        <T> Mono<T> call(Function<NativeDatabase, @Nullable T> call);
    }

    private final Handle handle;
    private final BooleanSupplier open;
    private final String version;

    /**
     * Creates the descriptions of one session.
     *
     * @param open whether the session can still be used
     * @param version the version of the engine
     */
    EngineInspection(Handle handle, BooleanSupplier open, String version) {
        this.handle = handle;
        this.open = open;
        this.version = version;
    }

    @Override
    @SuppressWarnings("NullAway") // the engine's snapshot has no null at its top
    public Mono<Map<String, Object>> schema() {
        return handle.call(database -> EngineJson.object(database.schemaSnapshot(), "the schema"));
    }

    @Override
    public Flux<TableInfo> listTables() {
        return all(NativeDatabase::listTables, table -> Descriptions.table(table, number(table, "row_count")));
    }

    @Override
    public Flux<TableColumn> tableColumns(String table) {
        requireName(table);
        return Spread.of(handle.call(
                        database -> Descriptions.columns(EngineJson.object(database.describeTable(table), "a table"))))
                .onErrorMap(error -> missing(error, "table", table));
    }

    @Override
    public Mono<String> tableDdl(String table) {
        requireName(table);
        return handle.call(database -> database.tableDdl(table)).onErrorMap(error -> missing(error, "table", table));
    }

    @Override
    public Flux<IndexInfo> listIndexes() {
        return all(NativeDatabase::listIndexes, Descriptions::index);
    }

    @Override
    public Flux<ViewInfo> listViews() {
        return all(NativeDatabase::listViews, Descriptions::view);
    }

    @Override
    public Mono<String> viewDdl(String view) {
        requireName(view);
        return handle.call(database -> database.viewDdl(view)).onErrorMap(error -> missing(error, "view", view));
    }

    @Override
    public Flux<TriggerInfo> listTriggers() {
        return all(NativeDatabase::listTriggers, Descriptions::trigger);
    }

    @Override
    public Mono<ToolingMetadata> toolingMetadata() {
        return handle.call(database -> {
            Map<String, @Nullable Object> json = EngineJson.object(database.toolingMetadata(), "the database");
            Map<String, @Nullable Object> schema = EngineJson.object(json.get("schema"));
            return new ToolingMetadata(
                    text(json, "engine_version"),
                    number(json, "database_format_version"),
                    number(json, "schema_cookie"),
                    text(json, "schema_fingerprint"),
                    schema == null ? Map.of() : schema,
                    json);
        });
    }

    @Override
    public Mono<QueryDescription> describeQuery(String sql) {
        if (sql == null || sql.isBlank()) {
            throw new IllegalArgumentException("The SQL text must not be null or blank");
        }
        return handle.call(database -> query(EngineJson.object(database.describeQuery(sql), "a statement")))
                .onErrorMap(error -> NativeErrors.map(error, sql));
    }

    @Override
    public Mono<String> version() {
        return Mono.defer(() -> open.getAsBoolean() ? Mono.just(version) : Mono.error(Errors.closed()));
    }

    private <T> Flux<T> all(Function<NativeDatabase, String> read, Function<Map<String, @Nullable Object>, T> reading) {
        return Spread.of(handle.call(database -> EngineJson.array(read.apply(database), "the schema").stream()
                .map(reading)
                .toList()));
    }

    private static QueryDescription query(Map<String, @Nullable Object> query) {
        return new QueryDescription(
                text(query, "statement_kind"),
                is(query, "read_only"),
                maps(query, "parameters").stream()
                        .map(each -> new QueryDescription.Parameter((int) number(each, "position"), type(each)))
                        .toList(),
                maps(query, "result_columns").stream()
                        .map(each -> new QueryDescription.Column(
                                text(each, "name"),
                                type(each),
                                (Boolean) each.get("nullable"),
                                textOrNull(each, "source_table"),
                                textOrNull(each, "source_column")))
                        .toList(),
                query);
    }

    private static @Nullable DecentDbType type(Map<String, @Nullable Object> described) {
        String name = textOrNull(described, "type_name");
        return name == null ? null : DecentDbType.ofName(name);
    }

    /** Engines report a missing table or view in words of their own, some without an SQLSTATE. */
    private static Throwable missing(Throwable error, String kind, String name) {
        if (error instanceof R2dbcException known && List.of("42000", "42P01").contains(known.getSqlState())) {
            String shown = Errors.shorten(name);
            String reported = String.valueOf(known.getMessage()).replace(name, shown);
            return Errors.of(
                    "42P01",
                    "There is no " + kind + " " + shown + " (" + reported + ")",
                    known.getErrorCode(),
                    null,
                    error);
        }
        return error;
    }
}
