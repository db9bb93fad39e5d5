package com.decentdb.kotlin

import com.decentdb.r2dbc.api.DecentDbConnection
import io.r2dbc.spi.Row
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.reactive.asFlow
import kotlinx.coroutines.reactor.asFlux
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.reactor.awaitSingleOrNull
import kotlinx.coroutines.reactor.mono
import reactor.core.publisher.Flux
import reactor.core.publisher.Mono

/**
 * The first column of the first row of a query, read as [T]; null if there is no row or it is NULL.
 * Cancelling the coroutine stops the statement.
 */
suspend inline fun <reified T : Any> DecentDbConnection.fetchValue(
    sql: String,
    vararg arguments: Any?,
): T? = fetchValue(sql, T::class.javaObjectType, *arguments).awaitSingleOrNull()

/** The rows of a query, mapped by [mapping] and read as they are collected. */
fun <T : Any> DecentDbConnection.query(
    sql: String,
    vararg arguments: Any?,
    mapping: (Row) -> T,
): Flow<T> =
    Flux.defer {
            val statement = createStatement(sql)
            arguments.forEachIndexed { index, value ->
                if (value == null) statement.bindNull(index, Any::class.java)
                else statement.bind(index, value)
            }
            Flux.from(statement.execute()).concatMap { result ->
                result.map { row, _ -> mapping(row) }
            }
        }
        .asFlow()

/** Runs a statement and returns how many rows it changed. */
suspend fun DecentDbConnection.awaitExecute(sql: String, vararg arguments: Any?): Long =
    execute(sql, *arguments).awaitSingle()

/**
 * Writes each list of arguments through the write queue, which takes no more of the flow than it
 * has room for; the counts of changed rows, in order.
 */
fun DecentDbConnection.executeEach(sql: String, arguments: Flow<Array<out Any?>>): Flow<Long> =
    executeQueued(sql, arguments.asFlux()).asFlow()

/**
 * Runs a block in a transaction, which commits with it: what the block throws, or its cancellation,
 * rolls back what it did. All statements of the block must go through the connection that it is
 * given.
 */
suspend fun <T> DecentDbConnection.transaction(block: suspend (DecentDbConnection) -> T): T {
    var outcome: Result<T>? = null
    inTransaction { connection ->
            mono {
                outcome = Result.success(block(connection))
                true
            }
        }
        .then(Mono.just(true))
        .awaitSingle()
    return checkNotNull(outcome) { "The transaction ended without an outcome" }.getOrThrow()
}
