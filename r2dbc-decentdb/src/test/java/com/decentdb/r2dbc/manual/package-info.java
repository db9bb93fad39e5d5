/** The pages of the manual that lead to other libraries, and the page on SQL, each run as it is written. */
@NullMarked
package com.decentdb.r2dbc.manual;

import org.jspecify.annotations.NullMarked;
