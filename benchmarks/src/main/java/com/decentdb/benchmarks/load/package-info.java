/** Peers as processes that wait for commands, and the process that commands them in interleaved rounds. */
@NullMarked
package com.decentdb.benchmarks.load;

import org.jspecify.annotations.NullMarked;
