package com.decentdb.r2dbc.processes;

import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.ChildJvm;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.DecentDbConnectionFactory;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.processes.EndingProgram.End;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** A database outlives the connections to it for a while, but not the JVM. */
class EndOfJvmIT {

    private static final long SECONDS = 60;

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("end.ddb");
    }

    /** A database that lingers would do so for a minute. */
    private void end(End end) throws Exception {
        ChildJvm.Outcome outcome = ChildJvm.of(EndingProgram.class)
                .run(folder, SECONDS, end.name(), "r2dbc:decentdb:///" + file() + "?linger=PT1M");

        assertThat(outcome.ended()).as(outcome.output()).isTrue();
        assertThat(outcome.status()).as(outcome.output()).isZero();
    }

    private static long rows(Path file) {
        DecentDbConnectionFactory factory = DecentDb.factory("r2dbc:decentdb:///" + file + "?linger=0");
        return awaitValue(Mono.usingWhen(
                factory.create(),
                connection -> connection.fetchValue("SELECT count(*) FROM t", Long.class),
                DecentDbConnection::close));
    }

    @ParameterizedTest
    @EnumSource(names = "LEAVES_TRANSACTION_OPEN", mode = EnumSource.Mode.EXCLUDE)
    void aCopyOfTheFileHasEveryRow(End end) throws Exception {
        end(end);

        if (end.tidy()) {
            assertThat(folder.resolve("end.ddb-wal")).doesNotExist();
        }
        assertThat(rows(Files.copy(file(), folder.resolve("copy.ddb")))).isEqualTo(1);
    }

    @Test
    void nothingWaitsForATransactionThatNeverEnds() throws Exception {
        end(End.LEAVES_TRANSACTION_OPEN);

        assertThat(rows(file())).isEqualTo(1);
    }
}
