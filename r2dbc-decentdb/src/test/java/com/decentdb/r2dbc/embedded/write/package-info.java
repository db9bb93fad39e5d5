/** Parts of the driver, each tested alone. */
@NullMarked
package com.decentdb.r2dbc.embedded.write;

import org.jspecify.annotations.NullMarked;
