/** Where schemas and rows come from. A source reads with the thread that asks, and keeps no rows. */
@NullMarked
package com.decentdb.importer.source;

import org.jspecify.annotations.NullMarked;
