/** Descriptions of the schema of a cluster's database, read from SQLite's own tables. Internal to the driver. */
@NullMarked
package com.decentdb.r2dbc.cluster.schema;

import org.jspecify.annotations.NullMarked;
