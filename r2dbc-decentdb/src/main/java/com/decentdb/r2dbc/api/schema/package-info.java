/**
 * Typed descriptions of a database's schema and of statements. Every record also carries the description as the engine
 * gave it, read from JSON into a map of strings, numbers, booleans, lists and maps, because engines may add fields.
 */
@NullMarked
package com.decentdb.r2dbc.api.schema;

import org.jspecify.annotations.NullMarked;
