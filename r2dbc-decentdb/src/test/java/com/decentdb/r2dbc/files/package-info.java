/** Files that are moved, deleted and restored around an open database, and the moment from which that is safe. */
@NullMarked
package com.decentdb.r2dbc.files;

import org.jspecify.annotations.NullMarked;
