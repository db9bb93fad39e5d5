/** Parts of the driver on their own. */
@NullMarked
package com.decentdb.r2dbc.runtime;

import org.jspecify.annotations.NullMarked;
