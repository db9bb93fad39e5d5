package com.decentdb.examples.webflux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** An application that cannot open its database gives a person the reason and the remedy. */
@ExtendWith(OutputCaptureExtension.class)
class StartFailureTests {

    @TempDir
    Path directory;

    @Test
    void aMissingFolderIsExplainedWithTheRemedyAndWithoutAStackTrace(CapturedOutput output) {
        Path missing = directory.resolve("missing");
        assertThatException().isThrownBy(() -> Server.start(missing).close());

        assertThat(output)
                .contains("APPLICATION FAILED TO START", "the directory " + missing + " does not exist")
                .contains("Create it, or set the option createDirectories=true.")
                .doesNotContain("\tat ");
    }
}
