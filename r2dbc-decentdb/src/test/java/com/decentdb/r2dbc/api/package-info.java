@NullMarked
package com.decentdb.r2dbc.api;

import org.jspecify.annotations.NullMarked;
