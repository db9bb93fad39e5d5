/** The drivers of the benchmarks: each class with a {@code main} is one that {@code -Dbenchmark} can name. */
@NullMarked
package com.decentdb.benchmarks;

import org.jspecify.annotations.NullMarked;
