/**
 * The support for Spring: bind markers for {@code DatabaseClient}, a dialect for Spring Data R2DBC, reports of databases that could not
 * be opened, and a health indicator for Spring Boot. Spring finds them through {@code META-INF}; nothing else loads this package, so the
 * driver works without Spring.
 */
@NullMarked
package com.decentdb.r2dbc.spring;

import org.jspecify.annotations.NullMarked;
