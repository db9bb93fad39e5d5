package com.decentdb.r2dbc;

import static io.r2dbc.spi.ValidationDepth.REMOTE;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.api.Change;
import com.decentdb.r2dbc.api.CodecExtension;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbErrorDetails;
import com.decentdb.r2dbc.api.LiveChanges;
import com.decentdb.r2dbc.api.RowChange;
import com.decentdb.r2dbc.api.schema.QueryDescription;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/**
 * The examples of the README and of the manual, run. The first program is compiled as it stands; every other snippet stands word for word here
 * or, for Spring, in {@code ReadmeSpringTests}, or, for clusters, in {@code ReadmeChangeLogTests}, or, for imports, in
 * {@code ReadmeImportTests}, or in the tests of a page in {@code manual}.
 */
class ReadmeTests {

    private static final Path README = Path.of("../README.md");
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]*)(?:#([^)]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);
    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void everySnippetIsTested() throws IOException {
        Path sources = Path.of("src/test/java/com/decentdb/r2dbc");
        String tests = squeezed(Files.readString(sources.resolve("ReadmeTests.java"))
                + Files.readString(sources.resolve("spring/ReadmeSpringTests.java"))
                + Files.readString(sources.resolve("cluster/changelog/ReadmeChangeLogTests.java"))
                + ofManual(sources.resolve("manual"))
                + Files.readString(
                        Path.of("../decentdb-import/src/test/java/com/decentdb/importer/ReadmeImportTests.java")));
        List<String> snippets = JAVA_BLOCK
                .matcher(manual())
                .results()
                .skip(1)
                .map(block -> squeezed(block.group(1)))
                .toList();

        assertThat(snippets)
                .isNotEmpty()
                .allSatisfy(snippet -> assertThat(tests).contains(snippet));
    }

    @Test
    void everyLinkLeadsToAFileAndAHeadingOfIt() throws IOException {
        for (Path page : pages()) {
            for (MatchResult link :
                    LINK.matcher(Files.readString(page)).results().toList()) {
                Path target = link.group(1).isEmpty()
                        ? page
                        : requireNonNull(page.getParent()).resolve(link.group(1));

                assertThat(target).as("link of " + page).exists();
                if (link.group(2) != null) {
                    assertThat(anchors(target))
                            .as("link of " + page + " to " + target)
                            .contains(link.group(2));
                }
            }
        }
        assertThat(pages()).hasSizeGreaterThan(1);
    }

    /** The names that GitHub gives the headings of a page. */
    private static List<String> anchors(Path page) throws IOException {
        return HEADING.matcher(Files.readString(page))
                .results()
                .map(heading -> heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\w -]", "")
                        .replace(' ', '-'))
                .toList();
    }

    /** The tests of pages that have tests of their own. */
    private static String ofManual(Path folder) throws IOException {
        StringBuilder text = new StringBuilder();
        try (Stream<Path> tests = Files.list(folder)) {
            for (Path test : tests.sorted().toList()) {
                text.append(Files.readString(test));
            }
        }
        return text.toString();
    }

    /** The README, then the pages of the manual. */
    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.list(Path.of("../docs"))) {
            return Stream.concat(
                            Stream.of(README),
                            docs.filter(page -> page.toString().endsWith(".md")).sorted())
                    .toList();
        }
    }

    private static String manual() throws IOException {
        StringBuilder text = new StringBuilder();
        for (Path page : pages()) {
            text.append(Files.readString(page));
        }
        return text.toString();
    }

    @Test
    void firstProgram(@TempDir Path folder) throws Exception {
        assertThat(run(firstSnippet(), folder)).isEqualToNormalizingNewlines("hello, reactive world\n");
    }

    @Test
    void firstProgramRunsAgainOnItsFile(@TempDir Path folder) throws Exception {
        assertThat(README).content().contains("`r2dbc:decentdb:///greetings.ddb` in place of the URL");
        String program = firstSnippet().replace("mem:///greetings", "///" + folder.resolve("greetings.ddb"));

        assertThat(run(program, folder)).isEqualToNormalizingNewlines("hello, reactive world\n");
        assertThat(run(program, folder)).isEqualToNormalizingNewlines("hello, reactive world\n");
    }

    /** Compiles and runs a program; returns what it printed. */
    private static String run(String program, Path folder) throws Exception {
        Path source = Files.writeString(folder.resolve("Greetings.java"), program);
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();

        int compiled = requireNonNull(ToolProvider.getSystemJavaCompiler())
                .run(
                        null,
                        null,
                        null,
                        "-proc:none",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        folder.toString(),
                        source.toString());

        assertThat(compiled).isZero();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Greetings").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(console);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static String firstSnippet() throws IOException {
        return JAVA_BLOCK
                .matcher(Files.readString(README))
                .results()
                .findFirst()
                .orElseThrow()
                .group(1);
    }

    @Test
    void schema() {
        withMemory("schema", connection -> {
                    Flux<String> indexes = connection.listIndexes().map(index -> index.name() + " on " + index.table());
                    Mono<List<QueryDescription.Column>> columns = connection
                            .describeQuery("SELECT id, name FROM item WHERE price < $1")
                            .map(QueryDescription::columns);

                    return connection
                            .execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(8,2))")
                            .then(connection.execute("CREATE INDEX by_price ON item (price)"))
                            .thenMany(indexes.filter(index -> index.startsWith("by_price")))
                            .concatWith(columns.map(all -> all.get(1).name()));
                })
                .as(StepVerifier::create)
                .expectNext("by_price on item", "name")
                .verifyComplete();
    }

    @Test
    void plainR2dbc() {
        ConnectionFactory factory = ConnectionFactories.get("r2dbc:decentdb:mem:///shop");
        Flux<String> names = Flux.usingWhen(
                factory.create(),
                connection -> Flux.from(connection
                                .createStatement("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT,"
                                        + " price DECIMAL(8,2));"
                                        + " INSERT INTO item (name, price) VALUES ('tea', '4.20'), ('kettle', '39.00');"
                                        + " SELECT name FROM item WHERE price < $1 ORDER BY name")
                                .bind("$1", new BigDecimal("9.99"))
                                .execute())
                        .concatMap(result -> result.map((row, metadata) -> row.get("name", String.class))),
                Connection::close);

        names.as(StepVerifier::create).expectNext("tea").verifyComplete();
    }

    @Test
    void transaction() {
        long amount = 30;
        int from = 1;
        int to = 2;
        withMemory("accounts", connection -> {
                    Flux<Long> moved = connection.inTransaction(tx -> Flux.concat(
                            tx.execute("UPDATE account SET balance = balance - $1 WHERE id = $2", amount, from),
                            tx.execute("UPDATE account SET balance = balance + $1 WHERE id = $2", amount, to)));

                    return connection
                            .execute("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)")
                            .then(connection.execute("INSERT INTO account VALUES (1, 100), (2, 0)"))
                            .thenMany(moved)
                            .thenMany(connection.fetchAll("SELECT balance FROM account ORDER BY id"))
                            .map(row -> String.valueOf(row.get(0)));
                })
                .as(StepVerifier::create)
                .expectNext("70", "30")
                .verifyComplete();
    }

    @Test
    void errorDetails() {
        withMemory("details", connection -> {
                    Mono<Long> added = connection
                            .execute("INSERT INTO item (name, price) VALUES ($1, $2)", "tea", new BigDecimal("4.20"))
                            .onErrorMap(
                                    R2dbcDataIntegrityViolationException.class,
                                    error -> new IllegalStateException("taken: "
                                            + DecentDbErrorDetails.of(error)
                                                    .map(DecentDbErrorDetails::column)
                                                    .orElse("?")));

                    return connection
                            .execute("CREATE TABLE item (name TEXT UNIQUE, price DECIMAL(8,2))")
                            .then(added)
                            .thenMany(added.map(String::valueOf));
                })
                .as(StepVerifier::create)
                // DecentDB does not say of which columns a constraint is.
                .verifyErrorSatisfies(error -> assertThat(error.getMessage()).isIn("taken: name", "taken: ?"));
    }

    @Test
    void manyListsOfArguments() {
        Flux<Object[]> rows = Flux.range(1, 3_000).map(i -> new Object[] {"item " + i, BigDecimal.valueOf(i)});
        withMemory("many", connection -> {
                    Mono<Long> loaded = connection.executeMany("INSERT INTO item (name, price) VALUES ($1, $2)", rows);

                    return connection
                            .execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(8,2))")
                            .thenMany(loaded.map(String::valueOf));
                })
                .as(StepVerifier::create)
                .expectNext("3000")
                .verifyComplete();
    }

    @Test
    void writeQueueAndLiveQuery() {
        Flux<Object[]> rows = Flux.range(1, 3_000).map(i -> new Object[] {"item " + i, BigDecimal.valueOf(i)});
        withMemory("live", connection -> {
                    Flux<Long> written =
                            connection.executeQueued("INSERT INTO item (name, price) VALUES ($1, $2)", rows);
                    Flux<List<String>> cheap = connection.liveQuery(
                            "SELECT name FROM item WHERE price < $1 ORDER BY name",
                            row -> row.get("name", String.class),
                            10);

                    return connection
                            .execute(
                                    "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(8,2))")
                            .thenMany(Flux.merge(cheap, written.then(Mono.<List<String>>empty())))
                            .filter(seen -> seen.size() == 9)
                            .map(seen -> seen.get(8))
                            .take(1);
                })
                .as(StepVerifier::create)
                .expectNext("item 9")
                .verifyComplete();
    }

    record Item(Long id, String name) {}

    @Test
    void liveData() {
        DecentDbConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:mem:///board");
        Flux<LiveChanges<Item>> board = factory.liveQuery("SELECT id, name FROM item")
                .minInterval(Duration.ofMillis(100))
                .changes(row -> new Item(row.get("id", Long.class), row.get("name", String.class)), Item::id);
        Flux<RowChange> audit =
                factory.changeStream("item").as(Change::lossless).flatMapIterable(Change.Commit::rows);
        DecentDbConnection connection = requireNonNull(factory.create().block());
        connection
                .execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
                .block();
        board.as(StepVerifier::create)
                .expectNextMatches(first -> first.added().isEmpty())
                .then(() ->
                        connection.execute("INSERT INTO item VALUES (1, 'tea')").block())
                .expectNextMatches(next -> next.added().equals(List.of(new Item(1L, "tea"))))
                .thenCancel()
                .verify();
        if (connection.getMetadata().engine().bundled()) { // DecentDB leaves rows out.
            Disposable writes = connection
                    .execute("UPDATE item SET name = 'coffee'")
                    .repeat()
                    .subscribe();
            audit.map(RowChange::operation)
                    .as(StepVerifier::create)
                    .expectNext(RowChange.Operation.UPDATE)
                    .thenCancel()
                    .verify();
            writes.dispose();
        }
        connection.close().then(factory.close()).block();
    }

    @Test
    void pool() {
        ConnectionPool pool = DecentDb.createPool("r2dbc:decentdb:mem:///pooled?maxSize=20&acquireTimeout=PT5S");

        Flux.range(0, 100)
                .flatMap(i -> Mono.usingWhen(
                        pool.create(), connection -> Mono.from(connection.validate(REMOTE)), Connection::close))
                .as(StepVerifier::create)
                .expectNextCount(100)
                .verifyComplete();
        assertThat(pool.getMetrics().orElseThrow().getMaxAllocatedSize()).isEqualTo(20);
        pool.disposeLater().block();
    }

    private static Flux<String> withMemory(String name, Function<DecentDbConnection, Flux<String>> work) {
        return Flux.usingWhen(DecentDb.connect("r2dbc:decentdb:mem:///" + name), work, DecentDbConnection::close);
    }

    private static String squeezed(String code) {
        return code.replaceAll("\\s+", "");
    }

    private record Money(BigDecimal amount) {}

    /** Not named as a service, so that no other test meets it. */
    private static final class MoneyExample implements CodecExtension {

        @Override
        public void register(Registry registry) {
            registry.add(Money.class, BigDecimal.class, Money::amount, Money::new);
        }
    }

    @Test
    void teachesAClass() {
        List<Object> added = new ArrayList<>();
        new MoneyExample().register(new CodecExtension.Registry() {
            @Override
            public <T, S> void add(
                    Class<T> type,
                    Class<S> standard,
                    Function<? super T, ? extends S> write,
                    Function<? super S, ? extends T> read) {
                added.add(read.apply(write.apply(type.cast(new Money(BigDecimal.ONE)))));
            }
        });

        assertThat(added).containsExactly(new Money(BigDecimal.ONE));
    }
}
