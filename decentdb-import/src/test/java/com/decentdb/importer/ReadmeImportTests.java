package com.decentdb.importer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The README's example of imports, word for word. */
class ReadmeImportTests {

    @Test
    void program(@TempDir Path folder) {
        Path dump = Databases.file(folder, "library.sql", Databases.resource("library.copy.sql"));
        Path file = folder.resolve("library.ddb");

        Mono<ImportReport> imported = DecentDbImport.pgDump(dump, "r2dbc:decentdb:///" + file)
                .with(options -> options.withOnError(OnError.SKIP))
                .report();

        StepVerifier.create(imported)
                .assertNext(report -> assertThat(report.rowsWritten()).isEqualTo(16))
                .verifyComplete();
        PgDumpImportTests.assertLibrary(file);
    }
}
