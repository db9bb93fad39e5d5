/**
 * The transport of the engine in this process. It has one {@code Database} per canonical path and JVM. Its rules:
 *
 * <ul>
 *   <li>A lane is one native handle and the one thread that calls it; only queued writes call the writer's handle from
 *       threads of their own, while they hold the write lease and the lane is at rest.
 *   <li>Sessions share the lanes: one that writes, some that read. What a session keeps for itself, such as temporary tables,
 *       pins it to a lane of its own, which ends with it.
 *   <li>What a lane remembers of statements is no older than the schema they meet. A handle that says it is broken is
 *       replaced, and what it held is lost with an error.
 *   <li>Everything that writes holds the write lease, which is handed on in FIFO order and never waited for by a thread.
 *   <li>Nobody is told that a write succeeded before the commit that covers it returned; nothing is executed after its
 *       subscriber was told that it was not.
 *   <li>Signals reach users on the delivery threads, never on a lane. Locks are held for a few instructions only and never
 *       around a native call.
 *   <li>Everything accepted is run or fails; what closes fails those that wait and all to come.
 *   <li>At every hand-over a late arrival is released: an answer nobody waits for any more closes its cursor, rolls its
 *       transaction back, or returns its lease.
 * </ul>
 */
@NullMarked
package com.decentdb.r2dbc.embedded;

import org.jspecify.annotations.NullMarked;
