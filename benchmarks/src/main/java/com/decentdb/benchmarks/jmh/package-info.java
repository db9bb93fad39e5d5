/** One caller that waits for each answer, measured by JMH. */
@NullMarked
package com.decentdb.benchmarks.jmh;

import org.jspecify.annotations.NullMarked;
