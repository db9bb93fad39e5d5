package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The engine in the jar was built from the sources beside it. The test shares no code with the build step it checks.
 */
class EngineDigestTests {

    @Test
    void thePackagedEngineWasBuiltFromTheseSources() throws Exception {
        assumeFalse("none".equals(System.getProperty("test.engine.build")), "built without the engine");
        String resource = "/" + EnginePlatform.name() + "/" + System.mapLibraryName("decentdb");
        try (InputStream library = EngineDigestTests.class.getResourceAsStream(resource)) {
            assertThat(library).as(resource).isNotNull();
            String bytes = new String(library.readAllBytes(), StandardCharsets.ISO_8859_1);
            Matcher embedded =
                    Pattern.compile("ddb-engine-source-digest:([0-9a-f]{64})").matcher(bytes);
            assertThat(embedded.find()).isTrue();
            assertThat(embedded.group(1)).isEqualTo(digestOf(Path.of(System.getProperty("test.engine.folder"))));
        }
    }

    @Test
    void theLoadedEngineReportsItsDigest() {
        NativeLibrary library = NativeLibrary.load(null);
        if (library.bundled()) {
            assertThat(library.sourceDigest()).matches("[0-9a-f]{64}");
        } else {
            // Only the bundled engine exports the digest.
            assertThat(library.sourceDigest()).isNull();
        }
    }

    static String digestOf(Path engine) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (Stream<Path> sources = Files.walk(engine.resolve("src")).filter(Files::isRegularFile)) {
            List<String> names = Stream.concat(
                            Stream.of("Cargo.toml", "Cargo.lock", "build.rs", ".cargo/config.toml"),
                            sources.map(
                                    file -> engine.relativize(file).toString().replace('\\', '/')))
                    .sorted(Comparator.comparing(
                            name -> name.getBytes(StandardCharsets.UTF_8), java.util.Arrays::compareUnsigned))
                    .toList();
            for (String name : names) {
                String content = Files.readString(engine.resolve(name), StandardCharsets.ISO_8859_1)
                        .replace("\r\n", "\n");
                String head = name + "\0" + content.length() + "\0";
                digest.update(head.getBytes(StandardCharsets.UTF_8));
                digest.update(content.getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
