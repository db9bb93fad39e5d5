package com.decentdb.r2dbc.manual;

import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcBadGrammarException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The page for those who come from another database: its statements of the right columns are run, those of the left are refused. */
class ComingPageTests {

    private static final Pattern PREPARATION = Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL);
    private static final Pattern PAIR = Pattern.compile(
            "^\\| `((?:CREATE|SELECT|INSERT|MERGE|SHOW|SET|EXPLAIN) [^`]+)` \\| `([^`]+)` \\|$", Pattern.MULTILINE);

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    @Test
    void everyStatementHereRunsAndThoseOfOtherDatabasesAreRefused() throws IOException {
        assumeTrue(database.bundled(), "The page is about the bundled engine");
        String page = Files.readString(Path.of("../docs/coming.md"));
        List<MatchResult> pairs = PAIR.matcher(page).results().toList();
        DecentDbConnection connection = database.connect();
        PREPARATION
                .matcher(page)
                .results()
                .flatMap(block -> block.group(1).lines())
                .forEach(sql -> awaitAll(connection.fetchLists(sql)));

        for (MatchResult pair : pairs) {
            assertThatThrownBy(() -> awaitAll(connection.fetchLists(pair.group(1))))
                    .as(pair.group(1))
                    .isInstanceOf(R2dbcBadGrammarException.class);
            awaitAll(connection.fetchLists(pair.group(2)));
        }
        assertThat(pairs).hasSizeGreaterThan(30);
    }
}
