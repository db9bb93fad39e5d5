/** The driver with nodes that follow a script: lost answers, wrong answers, answers cut anywhere. */
@NullMarked
package com.decentdb.r2dbc.cluster.scripted;

import org.jspecify.annotations.NullMarked;
