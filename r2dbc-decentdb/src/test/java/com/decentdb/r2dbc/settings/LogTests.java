package com.decentdb.r2dbc.settings;

import static com.decentdb.r2dbc.TestDatabase.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.ChildJvm;
import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log about the options of a factory and about the engine, in a JVM of its own. */
class LogTests {

    @TempDir
    Path folder;

    private List<String> log(String... options) throws Exception {
        ChildJvm.Outcome outcome = ChildJvm.withLogOfTheJdk(Program.class).run(folder, PATIENCE.toSeconds(), options);
        assertThat(outcome.ended()).as(outcome.output()).isTrue();
        assertThat(outcome.status()).as(outcome.output()).isZero();
        return outcome.output().lines().filter(line -> line.startsWith("LOG ")).toList();
    }

    @Test
    void aMisspelledOptionIsNamedWithTheOneThatWasMeant() throws Exception {
        assertThat(log(
                        "lockwaittimeout=PT1S",
                        "max_readers=2",
                        "maxsize=4",
                        "statment_timeout=PT1S",
                        "somebodyElses=x"))
                .filteredOn(line -> line.startsWith("LOG WARNING"))
                .containsExactlyInAnyOrder(
                        "LOG WARNING Option 'lockwaittimeout' is unknown and ignored; did you mean 'lockWaitTimeout'?",
                        "LOG WARNING Option 'max_readers' is unknown and ignored; did you mean 'maxReaders'?",
                        "LOG WARNING Option 'maxsize' is unknown and ignored; did you mean 'maxSize'?",
                        "LOG WARNING Option 'statment_timeout' is unknown and ignored; did you mean 'statementTimeout'?");
    }

    @Test
    void theEngineThatWasLoadedIsNamedAtDebug() throws Exception {
        assertThat(log())
                .filteredOn(line -> line.startsWith("LOG FINE DecentDB engine "))
                .singleElement()
                .asString()
                .contains("ABI 7", " from /", "decentdb.ffi=");
    }

    /** Connects with these options and prints what is logged. */
    static final class Program {

        private Program() {}

        public static void main(String[] options) {
            LogManager.getLogManager().reset();
            Logger driver = Logger.getLogger("com.decentdb");
            driver.setLevel(Level.FINE);
            driver.addHandler(new Handler() {
                @Override
                public void publish(LogRecord line) {
                    System.out.println("LOG " + line.getLevel() + " " + new SimpleFormatter().formatMessage(line));
                }

                @Override
                public void flush() {
                    // There is no buffer.
                }

                @Override
                public void close() {
                    // There is nothing to close.
                }
            });
            ConnectionFactoryOptions.Builder builder =
                    ConnectionFactoryOptions.parse("r2dbc:decentdb:mem:///log").mutate();
            for (String option : options) {
                String[] parts = option.split("=", -1);
                builder.option(Option.valueOf(parts[0]), parts[1]);
            }
            DecentDb.connect(builder.build()).flatMap(DecentDbConnection::close).block(PATIENCE);
        }
    }
}
