package com.decentdb.kotlin

import com.decentdb.r2dbc.api.Change
import com.decentdb.r2dbc.api.LiveChanges
import com.decentdb.r2dbc.api.LiveData
import com.decentdb.r2dbc.api.LiveQuery
import io.r2dbc.spi.Row
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.reactive.asFlow

/**
 * The result of a query now and again after every change, for a connection or a factory. Results
 * that a slow collector missed are left out; the last one always arrives. [options] sets what a
 * [LiveQuery] can do, such as its least interval.
 */
fun <T : Any> LiveData.live(
    sql: String,
    vararg arguments: Any?,
    options: LiveQuery.() -> LiveQuery = { this },
    mapping: (Row) -> T,
): Flow<List<T>> = liveQuery(sql, *arguments).options().map { row: Row -> mapping(row) }.asFlow()

/** The same as rows added, changed and removed, of which [key] is the identity. */
fun <T : Any> LiveData.liveChanges(
    sql: String,
    vararg arguments: Any?,
    options: LiveQuery.() -> LiveQuery = { this },
    key: (T) -> Any,
    mapping: (Row) -> T,
): Flow<LiveChanges<T>> =
    liveQuery(sql, *arguments)
        .options()
        .changes({ row: Row -> mapping(row) }, { value: T -> key(value) })
        .asFlow()

/** Every commit that changes one of these tables, in order, with its rows. */
fun LiveData.changes(vararg tables: String): Flow<Change> = changeStream(*tables).asFlow()
