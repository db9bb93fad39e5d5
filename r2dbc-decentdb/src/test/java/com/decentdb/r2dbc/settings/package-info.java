/** Parts of the driver on their own. */
@NullMarked
package com.decentdb.r2dbc.settings;

import org.jspecify.annotations.NullMarked;
