/**
 * The DecentDB C ABI, version 7, for Java: one gateway to one native library, and nothing above it.
 *
 * <p>Priorities, in order:
 *
 * <ol>
 *   <li><b>Nothing a caller does crashes the JVM.</b> Every handle counts the calls inside it. {@code close()} may be
 *       called at any time, from any thread and any number of times: the handle refuses new calls with
 *       {@link java.lang.IllegalStateException}, and the last call that leaves it frees the native object.
 *   <li><b>Every status is checked</b>, in one place. A status other than {@link com.decentdb.ffi.Status#OK} becomes a
 *       {@link com.decentdb.ffi.NativeException} that carries the engine's own diagnostic, read on the thread of the
 *       call before any other call can replace it.
 *   <li><b>Few native calls.</b> A statement that is kept runs in one call per parameter and one call per block of
 *       rows. A block is copied out of native memory once, and reading it costs no native call.
 * </ol>
 *
 * <p><b>Threads.</b> Every call into a handle blocks the calling thread for as long as the engine needs, without an
 * upper bound: do not call from an event loop. Give threads that run SQL you did not write a stack of
 * {@link com.decentdb.ffi.NativeLibrary#THREAD_STACK_BYTES}.
 * {@link com.decentdb.ffi.NativeDatabase#executeQueued executeQueued} and
 * {@link com.decentdb.ffi.NativeDatabase#writeQueueMetrics writeQueueMetrics} may run on many threads at once; every
 * other method of a database belongs to one thread at a time, because the transaction is a property of the handle. A
 * statement refuses a second thread while a call is inside it. {@link com.decentdb.ffi.RowBlock} is immutable and free
 * of native memory; {@link com.decentdb.ffi.Parameters} is plain, mutable data.
 *
 * <p><b>Memory.</b> Rows and watches live outside the Java heap until the caller closes their handle; no finaliser
 * closes it. Close results, statements and watches before their database.
 *
 * <p><b>Errors.</b> {@code NativeException}: the engine refused the call. {@code IllegalStateException}: the handle is
 * closed or busy. {@code IllegalArgumentException} and {@code IndexOutOfBoundsException}: the binding refused the
 * argument, which never reached the engine. {@link com.decentdb.ffi.NativeLibraryException}: there is no usable
 * library.
 */
@NullMarked
package com.decentdb.ffi;

import org.jspecify.annotations.NullMarked;
