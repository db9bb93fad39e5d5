/**
 * The engine's side of the driver: its traits, its errors, its JSON, and the rows and shapes of its statements. Used on the
 * threads that call the engine; nothing here has threads or locks of its own.
 */
@NullMarked
package com.decentdb.r2dbc.embedded.engine;

import org.jspecify.annotations.NullMarked;
