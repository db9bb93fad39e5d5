/** Measurements as Markdown tables and SVG plots. */
@NullMarked
package com.decentdb.benchmarks.report;

import org.jspecify.annotations.NullMarked;
