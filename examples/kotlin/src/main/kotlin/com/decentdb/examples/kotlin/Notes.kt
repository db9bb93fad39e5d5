package com.decentdb.examples.kotlin

import com.decentdb.r2dbc.api.DecentDbConnection
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.reactive.asFlow
import kotlinx.coroutines.reactor.asFlux
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.reactor.awaitSingleOrNull
import kotlinx.coroutines.reactor.mono

data class Note(val id: Long, val text: String)

/**
 * Notes in a database: what returns one thing suspends, what returns many is a [Flow], and both are
 * the driver's own publishers seen through kotlinx-coroutines-reactor. Cancelling a coroutine
 * cancels the statement it waits for.
 */
class Notes(private val connection: DecentDbConnection) {

    suspend fun create() {
        connection
            .execute("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
            .awaitSingle()
    }

    /** Adds a note and returns its id. */
    suspend fun add(text: String): Long =
        connection
            .fetchValue("INSERT INTO note (text) VALUES ($1) RETURNING id", LONG, text)
            .awaitSingle()

    suspend fun text(id: Long): String? =
        connection
            .fetchValue("SELECT text FROM note WHERE id = $1", String::class.java, id)
            .awaitSingleOrNull()

    /** All notes, read as they are collected. */
    fun all(): Flow<Note> =
        connection
            .fetch("SELECT id, text FROM note ORDER BY id")
            .map { Note(it["id"] as Long, it["text"] as String) }
            .asFlow()

    /** All of them or none: an exception in [work], or its cancellation, rolls back what it did. */
    suspend fun <T : Any> atomically(work: suspend (Notes) -> T): T =
        connection
            .inTransaction { transaction -> mono { work(Notes(transaction)) } }
            .single()
            .awaitSingle()

    /** Adds notes through the write queue, which takes no more of the flow than it has room for. */
    fun addAll(texts: Flow<String>): Flow<Long> =
        connection
            .executeQueued(
                "INSERT INTO note (text) VALUES ($1)",
                texts.asFlux().map { arrayOf<Any?>(it) },
            )
            .asFlow()

    private companion object {
        val LONG: Class<Long> = Long::class.javaObjectType
    }
}
