package com.decentdb.importer;

import static com.decentdb.importer.Databases.file;
import static com.decentdb.importer.Databases.texts;
import static com.decentdb.importer.Databases.url;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvImportTests {

    @TempDir
    Path folder;

    private ImportReport importCsv(String text, OnError onError) {
        return requireNonNull(DecentDbImport.csv(file(folder, "People.csv", text), url(folder.resolve("csv.ddb")))
                .with(options -> options.withOnError(onError))
                .report()
                .block());
    }

    @Test
    void everyColumnIsTextAndNoTextIsAltered() {
        importCsv(
                "\uFEFFId,\"Full name\",Note\r\n007,\"O'Brien, \"\"Bob\"\"\",\r\n1e5,\"two\nlines\",\"\"\r\ntrue,Ægir, blank \r\n",
                OnError.STOP);

        assertThat(texts(folder.resolve("csv.ddb"), "SELECT id, \"full name\", note FROM people"))
                .containsExactly(
                        Arrays.asList("007", "O'Brien, \"Bob\"", null),
                        Arrays.asList("1e5", "two\nlines", ""),
                        Arrays.asList("true", "Ægir", " blank "));
    }

    @Test
    void aRowOfAnotherWidthIsNamedWithItsLine() {
        String text = "a,b\n1,2\n\"x\ny\",3\n1,2,3\n4,5\n";

        assertThatThrownBy(() -> importCsv(text, OnError.STOP))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("People.csv:5: table People: the row has 3 values for 2 columns");
        ImportReport report = importCsv(text, OnError.SKIP);
        assertThat(report.tables()).containsExactly(new ImportReport.Table("People", "people", 4, 3, 1));
        assertThat(report.skippedRows())
                .extracting(ImportReport.SkippedRow::line)
                .containsExactly(5L);
    }

    @Test
    void whatIsNoCsvInUtf8IsRefused() throws IOException {
        assertThatThrownBy(() -> importCsv("", OnError.STOP))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("the file is empty");
        assertThatThrownBy(() -> importCsv("a,a\n", OnError.STOP))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("name each column once");
        assertThatThrownBy(() -> importCsv("a,b\n1,\"open\n", OnError.STOP))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("People.csv:2");
        Path latin = Files.write(folder.resolve("latin.csv"), "a\nä\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> DecentDbImport.csv(latin, url(folder.resolve("csv.ddb")))
                        .report()
                        .block())
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("latin.csv:2: table latin: the row is not UTF-8");
        Path wide = Files.write(folder.resolve("wide.csv"), "a,b\n1,2\n".getBytes(StandardCharsets.UTF_16LE));
        assertThatThrownBy(() -> DecentDbImport.csv(wide, url(folder.resolve("csv.ddb")))
                        .report()
                        .block())
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("wide.csv:1: the file is not UTF-8");
        assertThat(Databases.files(folder)).containsExactlyInAnyOrder("People.csv", "latin.csv", "wide.csv");
    }

    @Test
    void rowsInAnotherEncodingAreSkippedByTheirLine() throws IOException {
        byte[] text = "a,b\n1,fine\n2,\u00e4\n3,\ud801\udfff\n".getBytes(StandardCharsets.UTF_8);
        int damaged = new String(text, StandardCharsets.ISO_8859_1).indexOf('\u00c3');
        text[damaged] = (byte) 0xff;
        Path csv = Files.write(folder.resolve("mixed.csv"), text);

        ImportReport report = requireNonNull(DecentDbImport.csv(csv, url(folder.resolve("csv.ddb")))
                .with(options -> options.withOnError(OnError.SKIP))
                .report()
                .block());

        assertThat(report.skippedRows())
                .extracting(ImportReport.SkippedRow::line)
                .containsExactly(3L);
        assertThat(texts(folder.resolve("csv.ddb"), "SELECT b FROM mixed"))
                .containsExactly(List.of("fine"), List.of("\ud801\udfff"));
    }

    @Test
    void theMarkOfTheEncodingMayStandBeforeAQuote() {
        importCsv("\uFEFF\"a,b\",c\n1,2\n", OnError.STOP);

        assertThat(Databases.columns(folder.resolve("csv.ddb"), "people")).containsExactly("a,b TEXT", "c TEXT");
    }

    /** Values of a type that the engine holds less of are refused by the driver, not by the engine. */
    @Test
    void aValueThatCannotBeBoundIsOneOfItsRow() {
        Path csv = file(folder, "price.csv", "p\n1.50\n12345678901234567890.5\n2.50\n");
        DecentDbImport one = DecentDbImport.csv(csv, url(folder.resolve("csv.ddb")))
                .with(options -> options.withCsv(
                        csvOptions -> new CsvOptions(null, false, false, Map.of("p", "DECIMAL(10,2)"))));

        assertThatThrownBy(() -> one.report().block())
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("price.csv:3: table price: column p: ");
        ImportReport report = requireNonNull(
                one.with(options -> options.withOnError(OnError.SKIP)).report().block());
        assertThat(report.skippedRows())
                .extracting(ImportReport.SkippedRow::line)
                .containsExactly(3L);
        assertThat(report.rowsWritten()).isEqualTo(2);
    }
}
