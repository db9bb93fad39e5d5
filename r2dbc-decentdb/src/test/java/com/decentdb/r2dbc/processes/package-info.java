/** A file that another process has open, too. */
@NullMarked
package com.decentdb.r2dbc.processes;

import org.jspecify.annotations.NullMarked;
