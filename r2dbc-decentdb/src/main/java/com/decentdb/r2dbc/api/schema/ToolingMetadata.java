package com.decentdb.r2dbc.api.schema;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The schema and the engine as development tools need them.
 *
 * @param engineVersion the version of the engine
 * @param formatVersion the version of the database file's format
 * @param schemaCookie a number that changes with the schema
 * @param schemaFingerprint a digest of the schema; equal for equal schemas
 * @param schema the schema, as {@link SchemaInspection#schema()} returns it
 * @param json the description as the engine gave it
 */
public record ToolingMetadata(
        String engineVersion,
        long formatVersion,
        long schemaCookie,
        String schemaFingerprint,
        Map<String, @Nullable Object> schema,
        Map<String, @Nullable Object> json) {}
