package com.decentdb.importer;

import com.decentdb.importer.load.Importer;
import com.decentdb.importer.source.CsvSource;
import com.decentdb.importer.source.PgDumpSource;
import com.decentdb.importer.source.Source;
import com.decentdb.importer.source.SqliteSource;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;

/**
 * An import of another database into DecentDB: all of it, or nothing. A file that does not exist is made beside its place and
 * moved there when it is complete; into a database that exists, or is in memory, everything goes in one transaction. So neither
 * an error nor the end of the process leaves a part.
 *
 * <p>With commits in between into a database that exists, and on a cluster unless {@link ImportOptions#commitEvery} is 0, an error or the end of
 * the process leaves what was committed, and the table {@code decentdb_import}, which says exactly how much that is, and by which
 * {@link Unfinished#RESUME} goes on.
 *
 * <p>Immutable. Each subscription imports again, with one thread of its own, which waits for files and for the engine; the
 * subscriber is called by that thread and delays the import for as long as it takes. Cancelling ends the import soon
 * afterwards, like an error. Memory does not grow with the source.
 */
public final class DecentDbImport {

    private final Function<ImportOptions, Source> source;
    private final String name;
    private final String url;
    private final ImportOptions options;

    private DecentDbImport(Function<ImportOptions, Source> source, String name, String url, ImportOptions options) {
        this.source = source;
        this.name = name;
        this.url = url;
        this.options = options;
    }

    /**
     * Imports a database of SQLite, of one moment of it.
     *
     * @param file its file
     * @param url the target, {@code r2dbc:decentdb:///new.ddb}
     * @return the import, with the default options
     */
    public static DecentDbImport sqlite(Path file, String url) {
        return new DecentDbImport(
                chosen -> new SqliteSource(file, chosen.detectUuid()), file.toString(), url, ImportOptions.DEFAULTS);
    }

    /**
     * Imports a plain dump of PostgreSQL's {@code pg_dump}, with {@code COPY} or {@code INSERT}. It is read twice.
     *
     * @param file its file; it may be compressed by gzip or Zstandard, whatever its name
     * @param url the target, {@code r2dbc:decentdb:///new.ddb}
     * @return the import, with the default options
     */
    public static DecentDbImport pgDump(Path file, String url) {
        return new DecentDbImport(chosen -> new PgDumpSource(file), file.toString(), url, ImportOptions.DEFAULTS);
    }

    /**
     * Imports a CSV file in UTF-8, whose first line has the names of the columns. They are {@code TEXT} unless {@link CsvOptions} say
     * otherwise; an empty value without quotes is NULL.
     *
     * @param file its file; it may be compressed by gzip or Zstandard, whatever its name
     * @param url the target, {@code r2dbc:decentdb:///new.ddb}
     * @return the import, with the default options
     */
    public static DecentDbImport csv(Path file, String url) {
        return new DecentDbImport(
                chosen -> new CsvSource(file, chosen.csv()), file.toString(), url, ImportOptions.DEFAULTS);
    }

    /**
     * The same import with other options.
     *
     * @param change the new options, given the present ones
     * @return a new import
     */
    public DecentDbImport with(UnaryOperator<ImportOptions> change) {
        return new DecentDbImport(source, name, url, change.apply(options));
    }

    /**
     * Runs the import.
     *
     * @return its states, of which the last has the report; it fails with an {@link ImportException}, whose message names the place in the
     *     source, if the source cannot be read, or the target refuses it or cannot be opened; its cause is the driver's error
     */
    public Flux<ImportProgress> run() {
        return Flux.<ImportProgress>create(this::start, FluxSink.OverflowStrategy.LATEST);
    }

    /**
     * Runs the import.
     *
     * @return its report; errors are those of {@link #run()}
     */
    public Mono<ImportReport> report() {
        return run().last().mapNotNull(ImportProgress::report);
    }

    private void start(FluxSink<ImportProgress> sink) {
        Thread thread = new Thread(() -> work(sink), "decentdb-import");
        thread.setDaemon(true);
        sink.onCancel(thread::interrupt);
        thread.start();
    }

    private void work(FluxSink<ImportProgress> sink) {
        @Nullable Throwable failure = null;
        try (Source opened = source.apply(options)) {
            new Importer(opened, url, options, sink::next).run();
        } catch (ImportException e) {
            failure = e.in(name);
        } catch (R2dbcException e) {
            failure = new ImportException(0, String.valueOf(e.getMessage()), e).in(name);
        } catch (Throwable e) {
            failure = e;
        }
        if (failure == null) {
            sink.complete();
        } else if (!sink.isCancelled()) {
            sink.error(failure);
        }
    }
}
