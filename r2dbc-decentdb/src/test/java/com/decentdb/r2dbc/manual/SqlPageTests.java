package com.decentdb.r2dbc.manual;

import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Flux;

/** Every statement of the page on SQL, run from top to bottom. */
class SqlPageTests {

    private static final Pattern BLOCK = Pattern.compile("```sql( refused (\\w{5}))?\n(.*?)```", Pattern.DOTALL);
    /** A statement up to its semicolon at the end of a line, and the first row of its answer. */
    private static final Pattern STATEMENT =
            Pattern.compile("(.+?);$(?:\n-- => ([^\n]*)$)?", Pattern.DOTALL | Pattern.MULTILINE);

    /** A statement of the page. */
    private record Line(String sql, String row, String refusal) {}

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @BeforeEach
    void onlyTheBundledEngine() {
        assumeTrue(database.bundled(), "The page is about the bundled engine");
    }

    private static List<Line> page() throws IOException {
        return BLOCK.matcher(Files.readString(Path.of("../docs/sql.md")))
                .results()
                .flatMap(block -> STATEMENT
                        .matcher(block.group(3))
                        .results()
                        .map(each -> new Line(
                                each.group(1).strip(),
                                Objects.toString(each.group(2), ""),
                                Objects.toString(block.group(2), ""))))
                .toList();
    }

    @Test
    void everyStatementDoesWhatThePageSays() throws IOException {
        DecentDbConnection connection = database.connect();

        for (Line line : page()) {
            if (line.refusal().isEmpty()) {
                List<List<String>> rows = awaitAll(rows(connection, line.sql()));
                if (!line.row().isEmpty()) {
                    assertThat(rows).as(line.sql()).isNotEmpty();
                    assertThat(String.join("|", rows.get(0))).as(line.sql()).isEqualTo(line.row());
                }
            } else {
                assertThatThrownBy(() -> awaitAll(rows(connection, line.sql())))
                        .as(line.sql())
                        .isInstanceOfSatisfying(
                                R2dbcException.class,
                                error -> assertThat(error.getSqlState()).isEqualTo(line.refusal()));
            }
        }
        assertThat(page()).hasSizeGreaterThan(60);
    }

    private static Flux<List<String>> rows(DecentDbConnection connection, String sql) {
        return connection
                .fetchLists(sql)
                .map(row -> row.stream().map(Objects::toString).collect(Collectors.toList()));
    }
}
