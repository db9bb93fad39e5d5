package com.decentdb.r2dbc.soak;

import com.decentdb.r2dbc.ChildJvm;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.R2dbcTransientException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/** Writes to the same file from a process of its own until it is killed, and prints the id of each row it has committed. */
final class SecondProcess {

    private SecondProcess() {}

    public static void main(String[] args) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
        Mono.usingWhen(
                        DecentDb.connect(args[0]),
                        connection -> connection
                                .fetchValue("SELECT COALESCE(MAX(id), 0) FROM beside", Long.class)
                                .flatMap(last -> Flux.range(last.intValue() + 1, Integer.MAX_VALUE - last.intValue())
                                        .concatMap(id -> connection
                                                .execute("INSERT INTO beside (id) VALUES ($1)", id)
                                                .retryWhen(Retry.indefinitely()
                                                        .filter(R2dbcTransientException.class::isInstance))
                                                .doOnNext(count -> out.println(id)))
                                        .then()),
                        DecentDbConnection::close)
                .block();
    }

    /** Lets a second process write until it has committed so many rows, and kills it. */
    static void writeAndKill(String url, int rows, Ledger ledger) throws IOException, InterruptedException {
        Process process = ChildJvm.of(SecondProcess.class).mebibytes(64).start(url);
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            int committed = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                // The last line may be cut off by the kill; half a number would be another id.
                if (committed < rows) {
                    ledger.acknowledgeBeside(Integer.parseInt(line));
                }
                if (++committed == rows) {
                    process.toHandle().destroyForcibly();
                }
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
