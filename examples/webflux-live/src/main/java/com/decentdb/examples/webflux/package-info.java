/** A board of things to do, kept in DecentDB by Spring Data R2DBC and served by WebFlux. */
@NullMarked
package com.decentdb.examples.webflux;

import org.jspecify.annotations.NullMarked;
