package com.decentdb.kotlin

import com.decentdb.r2dbc.DecentDb
import com.decentdb.r2dbc.api.Change
import com.decentdb.r2dbc.api.DecentDbConnection
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.reactor.awaitSingle
import kotlinx.coroutines.reactor.awaitSingleOrNull
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.assertj.core.api.Assertions.assertThat
import org.assertj.core.api.Assertions.assertThatThrownBy
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class ExtensionTests {

    @TempDir lateinit var directory: Path

    private fun withItems(test: suspend CoroutineScope.(DecentDbConnection) -> Unit) = runBlocking {
        val connection = DecentDb.connect("r2dbc:decentdb:///$directory/items.ddb").awaitSingle()
        try {
            connection.awaitExecute(
                "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(8,2))"
            )
            withTimeout(60_000) { test(connection) }
        } finally {
            connection.close().awaitSingleOrNull()
        }
    }

    @Test
    fun `a value is read as the type that is asked for`() = withItems { connection ->
        connection.awaitExecute(
            "INSERT INTO item (name, price) VALUES ($1, $2)",
            "tea",
            4.toBigDecimal(),
        )

        assertThat(connection.fetchValue<Int>("SELECT count(*) FROM item")).isEqualTo(1)
        assertThat(connection.fetchValue<String>("SELECT name FROM item WHERE id = $1", 1))
            .isEqualTo("tea")
        assertThat(connection.fetchValue<String>("SELECT name FROM item WHERE id = $1", 2)).isNull()
        assertThat(connection.fetchValue<String>("SELECT NULL")).isNull()
    }

    @Test
    fun `rows are a flow of what they are mapped to`() = withItems { connection ->
        val counts =
            connection.executeEach(
                "INSERT INTO item (name, price) VALUES ($1, $2)",
                (1..1_000).asFlow().map { arrayOf<Any?>("item $it", if (it == 1) null else it) },
            )
        assertThat(counts.toList()).hasSize(1_000).containsOnly(1L)

        val names =
            connection.query("SELECT name FROM item WHERE id > $1 ORDER BY id", 10) { row ->
                row.get("name", String::class.java)!!
            }

        assertThat(names.take(2).toList()).containsExactly("item 11", "item 12")
        assertThat(
                connection
                    .query("SELECT id FROM item WHERE price IS NOT DISTINCT FROM $1", null) { row ->
                        row.get("id", Long::class.javaObjectType)!!
                    }
                    .toList()
            )
            .containsExactly(1L)
    }

    @Test
    fun `a transaction commits with its block and returns what that returns`() =
        withItems { connection ->
            val name: String? =
                connection.transaction { tx ->
                    tx.awaitExecute("INSERT INTO item (name) VALUES ('kettle')")
                    tx.fetchValue<String>("SELECT name FROM item")
                }
            val nothing: String? = connection.transaction { tx -> tx.fetchValue("SELECT NULL") }

            assertThat(name).isEqualTo("kettle")
            assertThat(nothing).isNull()
            assertThat(connection.fetchValue<Int>("SELECT count(*) FROM item")).isEqualTo(1)
        }

    @Test
    fun `what a block throws rolls back and arrives as it was thrown`() = withItems { connection ->
        assertThatThrownBy {
                runBlocking {
                    connection.transaction<Unit> { tx ->
                        tx.awaitExecute("INSERT INTO item (name) VALUES ('lost')")
                        error("changed my mind")
                    }
                }
            }
            .isInstanceOf(IllegalStateException::class.java)
            .hasMessage("changed my mind")

        assertThat(connection.fetchValue<Int>("SELECT count(*) FROM item")).isZero()
    }

    @Test
    fun `cancelling the coroutine rolls back`() = withItems { connection ->
        val started = CompletableDeferred<Unit>()
        val job = launch {
            connection.transaction<Unit> { tx ->
                tx.awaitExecute("INSERT INTO item (name) VALUES ('lost')")
                started.complete(Unit)
                CompletableDeferred<Unit>().await()
            }
        }
        started.await()
        job.cancelAndJoin()

        assertThat(connection.fetchValue<Int>("SELECT count(*) FROM item")).isZero()
    }

    @Test
    fun `a live query is a flow of results`() = withItems { connection ->
        val watching = CompletableDeferred<Unit>()
        val results = async {
            connection
                .live(
                    "SELECT name FROM item ORDER BY id",
                    options = { minInterval(Duration.ZERO) },
                ) { row ->
                    row.get("name", String::class.java)!!
                }
                .onEach { watching.complete(Unit) }
                .first { it.isNotEmpty() }
        }
        watching.await()
        connection.awaitExecute("INSERT INTO item (name) VALUES ('tea')")

        assertThat(results.await()).containsExactly("tea")
    }

    @Test
    fun `live changes are told apart by their key`() = withItems { connection ->
        connection.awaitExecute("INSERT INTO item (name) VALUES ('tea')")

        val first =
            connection
                .liveChanges("SELECT name FROM item", key = { name: String -> name }) { row ->
                    row.get("name", String::class.java)!!
                }
                .first()

        assertThat(first.added()).containsExactly("tea")
    }

    @Test
    fun `a change stream is a flow of commits`() = withItems { connection ->
        val watching = CompletableDeferred<Unit>()
        val commit = async {
            connection
                .changes("item")
                .onEach { watching.complete(Unit) }
                .first { it is Change.Commit }
        }
        watching.await()
        connection.awaitExecute("INSERT INTO item (name) VALUES ('tea')")

        assertThat((commit.await() as Change.Commit).rows()).hasSize(1)
    }

    @Test
    fun `the page of the manual runs as it is written`() = withItems { connection ->
        connection.awaitExecute("INSERT INTO item (name) VALUES ('tea')")

        val name: String? = connection.fetchValue("SELECT name FROM item WHERE id = $1", 1)

        connection.transaction { tx ->
            tx.awaitExecute("INSERT INTO item (name) VALUES ($1)", "kettle")
            tx.awaitExecute("UPDATE item SET price = price + 1")
        }

        val names: Flow<String> =
            connection.query("SELECT name FROM item WHERE id > $1 ORDER BY id", 10) { row ->
                row.get("name", String::class.java)!!
            }

        assertThat(name).isEqualTo("tea")
        assertThat(names.toList()).isEmpty()
        val squeezed = Files.readString(Path.of(SOURCE)).filterNot { it.isWhitespace() }
        val snippets =
            Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL)
                .findAll(Files.readString(Path.of("../docs/kotlin.md")))
                .map { it.groupValues[1] }
                .toList()
        assertThat(snippets).isNotEmpty().allSatisfy { snippet ->
            assertThat(squeezed).contains(snippet.filterNot { it.isWhitespace() })
        }
    }

    private companion object {
        const val SOURCE = "src/test/kotlin/com/decentdb/kotlin/ExtensionTests.kt"
    }
}
