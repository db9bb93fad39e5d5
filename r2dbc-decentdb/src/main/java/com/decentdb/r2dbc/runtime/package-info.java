/**
 * What happens behind a connection. {@link com.decentdb.r2dbc.runtime.Session} is the seam: the R2DBC types see only it,
 * {@link com.decentdb.r2dbc.runtime.Cursor} and values of the {@code codec} package, so another transport can take the
 * place of the embedded engine.
 *
 * <p>The embedded runtime has one {@code Database} per canonical path and JVM. Its rules:
 *
 * <ul>
 *   <li>A lane is one native handle and the one thread that calls it; only queued writes call the writer's handle from
 *       threads of their own, while they hold the write lease and the lane is at rest.
 *   <li>Everything that writes holds the write lease, which is handed on in FIFO order and never waited for by a thread.
 *   <li>Nobody is told that a write succeeded before the commit that covers it returned; nothing is executed after its
 *       subscriber was told that it was not.
 *   <li>Signals reach users on the delivery threads, never on a lane. Locks are held for a few instructions only and never
 *       around a native call.
 *   <li>At every hand-over a late arrival is released: an answer nobody waits for any more closes its cursor, rolls its
 *       transaction back, or returns its lease.
 * </ul>
 */
@NullMarked
package com.decentdb.r2dbc.runtime;

import org.jspecify.annotations.NullMarked;
