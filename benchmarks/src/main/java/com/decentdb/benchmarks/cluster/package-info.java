/**
 * This driver beside the Python client on a cluster of three real nodes, which take turns in one run. Each client is a process that is
 * told by lines what to do; the program that tells them kills and freezes the nodes meanwhile.
 */
package com.decentdb.benchmarks.cluster;
