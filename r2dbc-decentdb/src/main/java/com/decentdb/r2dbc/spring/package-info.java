/**
 * The support for Spring: bind markers for {@code DatabaseClient} and a dialect for Spring Data R2DBC.
 * Spring finds both through {@code META-INF/spring.factories}; nothing else loads this package, so the driver works
 * without Spring.
 */
@NullMarked
package com.decentdb.r2dbc.spring;

import org.jspecify.annotations.NullMarked;
