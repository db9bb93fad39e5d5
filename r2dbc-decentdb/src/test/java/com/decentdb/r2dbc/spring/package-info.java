@NullMarked
package com.decentdb.r2dbc.spring;

import org.jspecify.annotations.NullMarked;
