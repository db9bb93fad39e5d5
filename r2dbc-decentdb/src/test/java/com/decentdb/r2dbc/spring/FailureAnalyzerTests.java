package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.holdWriteLock;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.io.support.SpringFactoriesLoader;

/** Spring Boot's reports of a start that failed because the database could not be opened. */
class FailureAnalyzerTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    /** The text that Spring Boot shows if a bean cannot be made for this reason; null for the stack trace. */
    private static @Nullable FailureAnalysis report(Throwable reason) {
        return SpringFactoriesLoader.forDefaultResourceLocation()
                // Those of Spring Boot itself want arguments.
                .load(FailureAnalyzer.class, (type, name, failure) -> {})
                .stream()
                .filter(DecentDbFailureAnalyzer.class::isInstance)
                .findFirst()
                .orElseThrow()
                .analyze(new IllegalStateException("Error creating bean", reason));
    }

    private static FailureAnalysis reportOfConnecting(String url) {
        return requireNonNull(report(catchThrowable(() -> await(DecentDb.connect(url)))));
    }

    @Test
    void aMissingFolder() {
        Path file = database.directory().resolve("no/such/place.ddb");
        FailureAnalysis report = reportOfConnecting("r2dbc:decentdb:///" + file);

        assertThat(report.getDescription())
                .isEqualTo("Cannot open the database " + file + ": the directory " + file.getParent()
                        + " does not exist.");
        assertThat(report.getAction()).isEqualTo("Create it, or set the option createDirectories=true.");
    }

    @ParameterizedTest
    @CsvSource({
        "mem:///x?mode=perhaps, 'mode' has the value 'perhaps', spring.r2dbc",
        "//data/app.ddb, names the host 'data', Write four slashes for an absolute path",
        "mem:///x?profile=huge, profile, spring.r2dbc",
        "mem:///x?mode=open, does not exist, Use mode=openOrCreate.",
    })
    void aWrongOption(String url, String described, String advised) {
        FailureAnalysis report = reportOfConnecting("r2dbc:decentdb:" + url);

        assertThat(report.getDescription()).contains(described).endsWith(".");
        assertThat(report.getAction()).contains(advised).endsWith(".");
    }

    @Test
    void aNativeLibraryThatCannotBeLoaded() {
        FailureAnalysis report = reportOfConnecting("r2dbc:decentdb:mem:///x?nativeLibrary=/no/such/library.so");

        assertThat(report.getDescription()).contains("/no/such/library.so");
        assertThat(report.getAction()).startsWith("Name ");
    }

    @Test
    void aDatabaseThatSomebodyElseWrites() {
        DecentDbConnection holder = database.connect();
        holdWriteLock(holder);
        DecentDbConnection connection = database.connect();
        await(connection.setLockWaitTimeout(Duration.ZERO));

        FailureAnalysis report =
                requireNonNull(report(catchThrowable(() -> await(connection.execute("CREATE TABLE t (id INTEGER)")))));

        assertThat(report.getDescription()).contains("write lock");
        await(holder.rollbackTransaction());
    }

    @Test
    void errorsOfStatementsAndOfOtherDriversAreLeftAlone() {
        assertThat(report(catchThrowable(() -> await(database.connect().execute("SELEC 1")))))
                .isNull();
        assertThat(report(new R2dbcNonTransientResourceException("cannot connect", "08001")))
                .isNull();
    }
}
