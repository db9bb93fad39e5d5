/**
 * The change log of a cluster: triggers that write each change of a table down in another one, and the subscribers that read it.
 * Internal to the driver.
 */
@NullMarked
package com.decentdb.r2dbc.cluster.changelog;

import org.jspecify.annotations.NullMarked;
