package com.decentdb.examples.kotlin

import com.decentdb.r2dbc.DecentDb
import com.decentdb.r2dbc.api.DecentDbConnection
import io.r2dbc.spi.R2dbcDataIntegrityViolationException
import java.nio.file.Path
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.count
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.reactive.asFlow
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.reactor.awaitSingleOrNull
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatThrownBy
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class NotesTest {

    @TempDir lateinit var directory: Path

    @Test
    fun `what returns one thing suspends, what returns many is a flow`() = withNotes { notes, _ ->
        val id = notes.add("buy milk")
        notes.add("write more tests")

        assertThat(notes.text(id)).isEqualTo("buy milk")
        assertThat(notes.text(-1)).isNull()
        assertThat(notes.all().map { it.text }.toList())
            .containsExactly("buy milk", "write more tests")
    }

    @Test
    fun `a flow is read as far as it is collected and leaves nothing open behind it`() =
        withNotes { notes, _ ->
            notes.addAll((1..5_000).map { "note $it" }.asFlow()).count()

            repeat(200) { assertThat(notes.all().take(3).toList()).hasSize(3) }
            assertThat(notes.all().count()).isEqualTo(5_000)
        }

    @Test
    fun `a transaction commits with its block`() = withNotes { notes, connect ->
        val ids =
            notes.atomically { transaction ->
                listOf(transaction.add("one"), transaction.add("two"))
            }

        assertThat(Notes(connect()).all().map { it.id }.toList()).isEqualTo(ids)
    }

    @Test
    fun `an exception in the block rolls back and arrives as it was thrown`() =
        withNotes { notes, _ ->
            assertThatThrownBy {
                    runBlocking {
                        notes.atomically<Unit> { transaction ->
                            transaction.add("lost")
                            check(false) { "changed my mind" }
                        }
                    }
                }
                .isInstanceOf(IllegalStateException::class.java)
                .hasMessage("changed my mind")

            assertThat(notes.all().count()).isZero()
        }

    @Test
    fun `cancelling the coroutine rolls back`() = withNotes { notes, connect ->
        val started = CompletableDeferred<Unit>()
        val job = launch {
            notes.atomically<Unit> { transaction ->
                transaction.add("lost")
                started.complete(Unit)
                CompletableDeferred<Unit>().await()
            }
        }
        started.await()
        job.cancelAndJoin()

        val other = Notes(connect())
        other.add("the right to write is free again")
        assertThat(other.all().map { it.text }.toList())
            .containsExactly("the right to write is free again")
    }

    @Test
    fun `errors are R2DBC's`() = withNotes { _, connect ->
        val connection = connect()

        assertThatThrownBy {
                runBlocking {
                    connection.execute("INSERT INTO note VALUES (1, NULL)").awaitSingle()
                }
            }
            .isInstanceOf(R2dbcDataIntegrityViolationException::class.java)
    }

    @Test
    fun `a watch is a flow that sees later commits`() = withNotes { notes, connect ->
        val watching = CompletableDeferred<Unit>()
        val events = async {
            connect()
                .watchTable("note")
                .asFlow()
                .map { event ->
                    watching.complete(Unit)
                    event.javaClass.simpleName
                }
                .take(2)
                .toList()
        }
        watching.await()
        notes.add("hello")

        assertThat(events.await()).containsExactly("Initial", "Invalidate")
    }

    private fun withNotes(
        test:
            suspend kotlinx.coroutines.CoroutineScope.(
                Notes, suspend () -> DecentDbConnection,
            ) -> Unit
    ) = runBlocking {
        val url = "r2dbc:decentdb:///$directory/notes.ddb"
        val open = mutableListOf<DecentDbConnection>()
        val connect: suspend () -> DecentDbConnection = {
            DecentDb.connect(url).awaitSingle().also { open.add(it) }
        }
        try {
            val notes = Notes(connect())
            notes.create()
            withTimeout(60_000) { test(notes, connect) }
        } finally {
            open.forEach { it.close().awaitSingleOrNull() }
        }
    }
}
