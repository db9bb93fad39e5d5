/** The driver's threads, tested alone. */
@NullMarked
package com.decentdb.r2dbc.delivery.threads;

import org.jspecify.annotations.NullMarked;
