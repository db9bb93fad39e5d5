/**
 * An R2DBC driver for DecentDB, an SQL database that runs inside the application.
 *
 * <p>Contracts that hold for every publisher of this package, unless its documentation says otherwise:
 *
 * <ul>
 *   <li>It is cold: nothing happens before it is subscribed to and asked for elements; each subscription does it again.
 *   <li>No caller is ever blocked. The database works on the driver's threads; signals and mapping functions run on the
 *       driver's workers or on the thread that asked for more, so they may take their time.
 *   <li>The signals of one connection's publishers are delivered one after another; those of {@link
 *       com.decentdb.r2dbc.api.LiveData} are independent of them and of each other.
 *   <li>A failure is an {@link io.r2dbc.spi.R2dbcException} with SQLSTATE and, where there is one, the SQL text. Misuse of
 *       the API is an {@link java.lang.IllegalArgumentException} or {@link java.lang.IllegalStateException}.
 *   <li>Cancelling a statement that waits prevents it. One that already runs is stopped, where the engine can be told to;
 *       outside a transaction nothing of a stopped write stays, unless it was about to be committed.
 *   <li>A write has completed only when it is durable.
 * </ul>
 */
@NullMarked
package com.decentdb.r2dbc;

import org.jspecify.annotations.NullMarked;
