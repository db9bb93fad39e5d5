/** The execution of a plan: the writer of rows, the last foreign keys, and the files it leaves. */
@NullMarked
package com.decentdb.importer.load;

import org.jspecify.annotations.NullMarked;
