/** The database after a crash of the process. */
@NullMarked
package com.decentdb.r2dbc.crash;

import org.jspecify.annotations.NullMarked;
