package com.decentdb.examples.kotlin

import com.decentdb.kotlin.awaitExecute
import com.decentdb.kotlin.executeEach
import com.decentdb.kotlin.fetchValue
import com.decentdb.kotlin.query
import com.decentdb.kotlin.transaction
import com.decentdb.r2dbc.api.DecentDbConnection
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.map

data class Note(val id: Long, val text: String)

/**
 * Notes in a database: what returns one thing suspends, what returns many is a [Flow]. Cancelling a
 * coroutine cancels the statement it waits for.
 */
class Notes(private val connection: DecentDbConnection) {

    suspend fun create() {
        connection.awaitExecute(
            "CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"
        )
    }

    /** Adds a note and returns its id. */
    suspend fun add(text: String): Long =
        checkNotNull(
            connection.fetchValue("INSERT INTO note (text) VALUES ($1) RETURNING id", text)
        )

    suspend fun text(id: Long): String? =
        connection.fetchValue("SELECT text FROM note WHERE id = $1", id)

    /** All notes, read as they are collected. */
    fun all(): Flow<Note> =
        connection.query("SELECT id, text FROM note ORDER BY id") { row ->
            Note(row.get(0, Long::class.javaObjectType)!!, row.get(1, String::class.java)!!)
        }

    /** All of them or none: an exception in [work], or its cancellation, rolls back what it did. */
    suspend fun <T> atomically(work: suspend (Notes) -> T): T =
        connection.transaction { work(Notes(it)) }

    /** Adds notes through the write queue, which takes no more of the flow than it has room for. */
    fun addAll(texts: Flow<String>): Flow<Long> =
        connection.executeEach(
            "INSERT INTO note (text) VALUES ($1)",
            texts.map { arrayOf<Any?>(it) },
        )
}
