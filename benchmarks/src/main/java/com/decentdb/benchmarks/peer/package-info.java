/** The databases and drivers that are measured side by side, and the operations on them. */
@NullMarked
package com.decentdb.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
