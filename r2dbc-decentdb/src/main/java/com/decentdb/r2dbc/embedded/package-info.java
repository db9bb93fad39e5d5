/**
 * The transport of the engine in this process. It has one {@code Database} per canonical path and JVM. Its rules:
 *
 * <ul>
 *   <li>A lane is one native handle and the right to call it. The right passes from worker to worker; one worker has it at a
 *       time, gives it on before it delivers any answer, and so never runs users' code while it has it.
 *   <li>Sessions share the lanes: one writer lane, several read lanes. State that belongs to a session alone, such as
 *       temporary tables, pins it to a lane, which ends with the session.
 *   <li>The statements and shapes that a lane remembers are no older than the schema they meet. A handle that reports
 *       itself broken is replaced, and everything it held is lost with an error.
 *   <li>Every write holds the write lock, which is handed on in FIFO order; no thread waits for it.
 *   <li>No write is reported as done before the commit that covers it returned; nothing is executed after its subscriber
 *       was informed that it was not.
 *   <li>What runs on a lane ends when its subscriber, transaction or session does ({@code Interrupts}). A request to end it meets that
 *       work or none, and no commit.
 *   <li>Signals reach users on the workers, never on a lane. Locks are held for a few instructions only and never
 *       around a native call, but for an interrupt, which waits for nothing.
 *   <li>Everything accepted is run or fails; closing fails everything that waits and all to come.
 *   <li>At every hand-over a late arrival is released: an answer without a subscriber closes its cursor, rolls its
 *       transaction back, or returns its lock.
 * </ul>
 */
@NullMarked
package com.decentdb.r2dbc.embedded;

import org.jspecify.annotations.NullMarked;
