package com.decentdb.importer;

import static com.decentdb.importer.Databases.column;
import static com.decentdb.importer.Databases.file;
import static com.decentdb.importer.Databases.resource;
import static com.decentdb.importer.Databases.url;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTests {

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    @Test
    void aDumpIsImportedAndTheReportWritten() throws IOException {
        Path dump = file(folder, "library.sql", resource("library.copy.sql"));
        Path report = folder.resolve("report.json");

        int status = run(
                "pgdump",
                dump.toString(),
                url(folder.resolve("library.ddb")),
                "--report",
                report.toString(),
                "--exclude",
                "measure");

        assertThat(err.toString()).contains("imported: 13 rows in 6 tables");
        assertThat(status).isZero();
        Map<String, Object> json = JSON.std.mapFrom(Files.readString(report));
        assertThat(json)
                .containsEntry("outcome", "IMPORTED")
                .containsEntry("rowsWritten", 13)
                .containsKeys("changed", "skipped", "tables");
    }

    @Test
    void skippedRowsShowInTheExitStatusAndTheReport() {
        Path csv = file(folder, "a.csv", "a,b\n1,2\n3\n");

        int status = run("csv", csv.toString(), url(folder.resolve("a.ddb")), "--on-error", "skip", "--report", "-");

        assertThat(status).isEqualTo(3);
        assertThat(out.toString()).contains("\"line\" : 3");
        assertThat(column(folder.resolve("a.ddb"), "SELECT b FROM a")).containsExactly("2");
    }

    @Test
    void aFailureNamesTheFileAndThePlace() {
        Path csv = file(folder, "a.csv", "a,b\n1,2\n3\n");

        assertThat(run("csv", csv.toString(), url(folder.resolve("a.ddb")))).isEqualTo(1);
        assertThat(err.toString())
                .contains("a.csv:3: table a: the row has 1 value for 2 columns", "Nothing was imported.");
        assertThat(run("sqlite", folder.resolve("none.db").toString(), url(folder.resolve("a.ddb"))))
                .isEqualTo(1);
        assertThat(err.toString()).contains("none.db: there is no such file");
        assertThat(run("sqlite", csv.toString(), url(folder.resolve("a.ddb")))).isEqualTo(1);
        assertThat(err.toString()).contains("a.csv: SQLite cannot read it");
    }

    @Test
    void wrongArgumentsAreRefused() {
        assertThat(run()).isEqualTo(2);
        assertThat(run("mysql")).isEqualTo(2);
        assertThat(run("sqlite", "a.db")).isEqualTo(2);
        assertThat(run("pgdump", "a.sql", "url", "--detect-uuid")).isEqualTo(2);
        assertThat(run("sqlite", "a.db", "r2dbc:decentdb:///x.ddb", "--commit-every", "-1"))
                .isNotZero();
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains("sqlite", "pgdump", "csv", "Exit codes");
    }

    @Test
    void columnsOfCsvFilesGetTheTypesThatAreNamed() {
        Path csv = file(folder, "a.csv", "id,price,code\n1,2.50,007\n");
        Path target = folder.resolve("a.ddb");

        int status = run(
                "csv",
                csv.toString(),
                url(target),
                "--into",
                "sale",
                "--column",
                "price=DECIMAL(10,2)",
                "--detect-types");

        assertThat(err.toString()).contains("imported: 1 row in 1 table,", "0 rows skipped");
        assertThat(status).isZero();
        assertThat(Databases.columns(target, "sale")).containsExactly("id INT64", "price DECIMAL", "code TEXT");
        assertThat(run("csv", csv.toString(), url(target), "--into", "sale")).isEqualTo(1);
        assertThat(run("csv", csv.toString(), url(target), "--into", "sale", "--append"))
                .isZero();
        assertThat(column(target, "SELECT code FROM sale")).containsExactly("007", "007");
        assertThat(run("pgdump", csv.toString(), url(target), "--append")).isEqualTo(2);
        assertThat(run("csv", csv.toString(), url(target), "--resume", "--restart"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--resume and --restart are opposites");
    }

    @Test
    void aReportReplacesNeitherTheSourceNorTheTarget() {
        Path csv = file(folder, "a.csv", "a\n1\n");
        Path target = folder.resolve("a.ddb");

        for (Path place : List.of(csv, target)) {
            assertThat(run("csv", csv.toString(), url(target), "--report", place.toString()))
                    .isEqualTo(2);
            assertThat(err.toString()).contains("--report would replace the source or the target");
        }
        Path nowhere = folder.resolve("none").resolve("report.json");
        assertThat(run("csv", csv.toString(), url(target), "--report", nowhere.toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--report names no file in a folder that exists");
        assertThat(Databases.files(folder)).containsExactly("a.csv");
    }
}
