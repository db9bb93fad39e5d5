/** Cancellation, Errors, closing, and all that has to be given back. */
@NullMarked
package com.decentdb.r2dbc.resilience;

import org.jspecify.annotations.NullMarked;
