package com.decentdb.r2dbc.api.schema;

import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Descriptions of a database's schema and of statements. Each publisher describes one moment, within a transaction as that
 * transaction sees it. It waits for a read lane, or for the write lock of a database in memory, no longer than the lock-wait
 * timeout of the connection, and fails with SQLSTATE 55P03 then. A transport that cannot describe something fails with SQLSTATE
 * 0A000.
 */
public interface SchemaInspection {

    /**
     * The schema as the engine describes it.
     *
     * @return a map with {@code tables}, {@code views} and {@code indexes}, each a list of maps
     */
    Mono<Map<String, Object>> schema();

    /**
     * Describes all tables, temporary ones of this connection included.
     *
     * @return the tables
     */
    Flux<TableInfo> listTables();

    /**
     * Describes the columns of a table.
     *
     * @param table its name as it is stored, without quotes
     * @return its columns, in order; an error with SQLSTATE 42P01 if there is no such table
     */
    Flux<TableColumn> tableColumns(String table);

    /**
     * Returns the statement that creates a table.
     *
     * @param table its name as it is stored, without quotes
     * @return the SQL; an error with SQLSTATE 42P01 if there is no such table
     */
    Mono<String> tableDdl(String table);

    /**
     * Describes all indexes.
     *
     * @return the indexes
     */
    Flux<IndexInfo> listIndexes();

    /**
     * Describes all views.
     *
     * @return the views
     */
    Flux<ViewInfo> listViews();

    /**
     * Returns the statement that creates a view.
     *
     * @param view its name as it is stored, without quotes
     * @return the SQL; an error with SQLSTATE 42P01 if there is no such view
     */
    Mono<String> viewDdl(String view);

    /**
     * Describes all triggers.
     *
     * @return the triggers
     */
    Flux<TriggerInfo> listTriggers();

    /**
     * Describes schema and engine for development tools.
     *
     * @return the description
     */
    Mono<ToolingMetadata> toolingMetadata();

    /**
     * Describes a statement without running it.
     *
     * @param sql one statement, with parameters as the engine writes them: {@code $1}, {@code $2}, ..
     * @return its parameters and columns; an error if the engine cannot understand it
     */
    Mono<QueryDescription> describeQuery(String sql);

    /**
     * Returns the version of the engine.
     *
     * @return the version
     */
    Mono<String> version();
}
