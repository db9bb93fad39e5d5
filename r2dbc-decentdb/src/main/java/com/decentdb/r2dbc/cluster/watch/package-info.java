/** Tells subscribers that data may have changed: by this factory at once, by others when a poll notices. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.cluster.watch;

import org.jspecify.annotations.NullMarked;
