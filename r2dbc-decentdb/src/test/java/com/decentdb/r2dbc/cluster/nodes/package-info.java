/** Nodes for tests: three real ones, each a process, and scripted ones that answer what a test writes down. */
@NullMarked
package com.decentdb.r2dbc.cluster.nodes;

import org.jspecify.annotations.NullMarked;
