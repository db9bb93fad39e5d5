/** The source's schema, whatever it was read from, and what became of it. */
@NullMarked
package com.decentdb.importer.schema;

import org.jspecify.annotations.NullMarked;
