/** Parts of the driver, each tested alone. */
@NullMarked
package com.decentdb.r2dbc.connection;

import org.jspecify.annotations.NullMarked;
