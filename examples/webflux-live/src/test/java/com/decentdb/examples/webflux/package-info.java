@NullMarked
package com.decentdb.examples.webflux;

import org.jspecify.annotations.NullMarked;
