/**
 * What programs that know they use DecentDB see beyond R2DBC's own types: the SQL types and the values R2DBC and the JDK
 * have no class for, and what the engine tells about itself.
 */
@NullMarked
package com.decentdb.r2dbc.api;

import org.jspecify.annotations.NullMarked;
