/** The options of a connection factory that every transport shares, and how options are read. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.settings;

import org.jspecify.annotations.NullMarked;
