/** Parts of the driver on their own. */
@NullMarked
package com.decentdb.r2dbc.embedded;

import org.jspecify.annotations.NullMarked;
