/** Open databases: one per file and JVM, how they are asked for, opened, shared, kept for a while and closed. */
@NullMarked
package com.decentdb.r2dbc.embedded.open;

import org.jspecify.annotations.NullMarked;
