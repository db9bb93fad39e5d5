@NullMarked
package com.decentdb.importer;

import org.jspecify.annotations.NullMarked;
