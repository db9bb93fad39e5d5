package com.decentdb.r2dbc.crash;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.ChildJvm;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A writing JVM is killed with SIGKILL over and over; whatever it had acknowledged is there when the file is opened again. */
class CrashIT {

    private static final int ROUNDS = Integer.getInteger("crash.rounds", 20);

    private final Random random = new Random();

    @TempDir
    Path folder;

    /** The keys one writer acknowledged. It prints them in order, so they have no gaps. */
    private record Keys(long first, long last) {

        long count() {
            return last - first + 1;
        }
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void noAcknowledgedRowIsLost() throws Exception {
        String url = "r2dbc:decentdb:///" + folder.resolve("crash.ddb");
        List<Keys> acknowledged = new ArrayList<>();
        for (int round = 1; round <= ROUNDS; round++) {
            acknowledged.add(writeAndKill(url, 1 + random.nextInt(3_000)));

            assertThat(counted(url, acknowledged))
                    .as("rows found for the keys acknowledged in each of %d rounds", round)
                    .containsExactlyElementsOf(
                            acknowledged.stream().map(Keys::count).toList());
        }
    }

    private static List<Long> counted(String url, List<Keys> acknowledged) {
        return Mono.usingWhen(
                        DecentDb.connect(url),
                        connection -> Flux.fromIterable(acknowledged)
                                .concatMap(keys -> connection.fetchValue(
                                        "SELECT count(*) FROM entry WHERE id BETWEEN $1 AND $2",
                                        Long.class,
                                        keys.first(),
                                        keys.last()))
                                .collectList(),
                        DecentDbConnection::close)
                .blockOptional()
                .orElseThrow();
    }

    /** Starts a writer, kills it after so many acknowledgements and returns all that it had printed in full. */
    private static Keys writeAndKill(String url, int killAfter) throws IOException, InterruptedException {
        Process writer = ChildJvm.of(CrashWriter.class).start(url);
        List<Long> printed = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(writer.getInputStream(), StandardCharsets.US_ASCII))) {
            StringBuilder line = new StringBuilder();
            for (int c = lines.read(); c >= 0; c = lines.read()) {
                if (c != '\n') {
                    line.append((char) c);
                    continue;
                }
                printed.add(Long.parseLong(line.toString()));
                line.setLength(0);
                if (printed.size() == killAfter) {
                    // By its handle: the process object would close the stream with the last lines still in it.
                    writer.toHandle().destroyForcibly();
                }
            }
        } finally {
            writer.destroyForcibly().waitFor();
        }
        assertThat(printed).as("keys acknowledged before the kill").hasSizeGreaterThanOrEqualTo(killAfter);
        return new Keys(printed.get(0), printed.get(printed.size() - 1));
    }
}
