/** Class loaders of one process that each have the driver. */
@NullMarked
package com.decentdb.r2dbc.loaders;

import org.jspecify.annotations.NullMarked;
