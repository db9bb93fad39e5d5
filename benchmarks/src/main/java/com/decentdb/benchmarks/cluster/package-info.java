/**
 * This driver beside the Python client on a cluster of three real nodes, which take turns in one run. Each client is a process that
 * gets its orders as lines; the program that gives them kills and freezes the nodes meanwhile.
 */
package com.decentdb.benchmarks.cluster;
