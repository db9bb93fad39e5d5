/** The plan of an import: the part of a schema that an engine accepts, and the order in which it is made. */
@NullMarked
package com.decentdb.importer.plan;

import org.jspecify.annotations.NullMarked;
