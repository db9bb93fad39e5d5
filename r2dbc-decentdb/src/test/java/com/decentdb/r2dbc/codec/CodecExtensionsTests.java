package com.decentdb.r2dbc.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.api.CodecExtension;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Extensions that are wrong; one that is right is shown by the driver's own tests. */
class CodecExtensionsTests {

    record Known(String text) {}

    record Unknown(String text) {}

    public static final class Right implements CodecExtension {
        @Override
        public void register(Registry registry) {
            registry.add(Known.class, String.class, Known::text, Known::new);
        }
    }

    public static final class FailsToStart implements CodecExtension {
        public FailsToStart() {
            throw new IllegalStateException("no configuration");
        }

        @Override
        public void register(Registry registry) {}
    }

    public static final class FailsHalfway implements CodecExtension {
        @Override
        public void register(Registry registry) {
            registry.add(Unknown.class, String.class, Unknown::text, Unknown::new);
            throw new IllegalStateException("half done");
        }
    }

    public static final class ClaimsText implements CodecExtension {
        @Override
        public void register(Registry registry) {
            registry.add(String.class, byte[].class, String::getBytes, String::new);
        }
    }

    public static final class ClaimsWhatAnotherHas implements CodecExtension {
        @Override
        public void register(Registry registry) {
            registry.add(Known.class, String.class, Known::text, Known::new);
        }
    }

    public static final class LeadsNowhere implements CodecExtension {
        @Override
        public void register(Registry registry) {
            registry.add(
                    Unknown.class, Known.class, value -> new Known(value.text()), known -> new Unknown(known.text()));
        }
    }

    public static final class BreaksItsWord implements CodecExtension {
        @Override
        @SuppressWarnings("NullAway") // what it is about
        public void register(Registry registry) {
            registry.add(Unknown.class, String.class, value -> null, text -> new Unknown(text));
        }
    }

    @TempDir
    private Path services;

    @Test
    void areLeftOutByNameAndTheOthersKept() throws IOException {
        Codecs codecs = with(
                "no.such.Extension",
                FailsToStart.class.getName(),
                Right.class.getName(),
                FailsHalfway.class.getName(),
                ClaimsText.class.getName(),
                ClaimsWhatAnotherHas.class.getName(),
                LeadsNowhere.class.getName(),
                String.class.getName());

        assertThat(codecs.encode(new Known("well"))).isEqualTo(new Value.Text("well"));
        assertThat(codecs.encode("text")).isEqualTo(new Value.Text("text"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codecs.encode(new Unknown("oh")))
                .withMessageContaining("Unknown")
                .withMessageContaining("no.such.Extension")
                .withMessageContaining("FailsToStart")
                .withMessageContaining("half done")
                .withMessageContaining("ClaimsText")
                .withMessageContaining("ClaimsWhatAnotherHas")
                .withMessageContaining("LeadsNowhere")
                .withMessageContaining("java.lang.String");
    }

    @Test
    void areReportedWhenTheyReturnNothing() throws IOException {
        Codecs codecs = with(BreaksItsWord.class.getName());

        assertThatIllegalArgumentException()
                .isThrownBy(() -> codecs.encode(new Unknown("oh")))
                .withMessageContaining("BreaksItsWord")
                .withMessageContaining("null");
    }

    private Codecs with(String... names) throws IOException {
        Path file = services.resolve("META-INF/services/" + CodecExtension.class.getName());
        Files.createDirectories(file.getParent());
        Files.write(file, List.of(names));
        URL url = URI.create(services.toUri().toString()).toURL();
        // The parent is looked at first, and has an extension of its own.
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {url}, getClass().getClassLoader())) {
            return new Codecs(loader);
        }
    }
}
