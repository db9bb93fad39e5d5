package com.decentdb.r2dbc.loaders;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The metadata by which GraalVM keeps what the driver reaches by name alone. */
class NativeImageMetadataTests {

    private static final String FILE = "/META-INF/native-image/com.decentdb/r2dbc-decentdb/reachability-metadata.json";
    private static final Path SOURCES = Path.of("src/main/java");

    @Test
    void listsWhatTheDriverLooksUpAndNothingThatIsNotThere() throws Exception {
        Set<String> listed = listed();

        for (String name : listed) {
            assertThat(Class.forName(name, false, getClass().getClassLoader())).isNotNull();
        }
        assertThat(namesIn(lookingUp())).isEqualTo(listed);
    }

    @SuppressWarnings("unchecked")
    private static Set<String> listed() throws IOException {
        try (InputStream json = requireNonNull(NativeImageMetadataTests.class.getResourceAsStream(FILE))) {
            List<Map<String, Object>> types = (List<Map<String, Object>>)
                    requireNonNull(JSON.std.mapFrom(json).get("reflection"));
            return types.stream().map(each -> (String) each.get("type")).collect(Collectors.toSet());
        }
    }

    /** The classes of the driver that look for a class or a resource by its name. */
    private static List<String> lookingUp() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            List<String> found = new ArrayList<>();
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                String source = Files.readString(file);
                if (source.contains("Class.forName(") || source.contains("getResource")) {
                    found.add(source);
                }
            }
            return found;
        }
    }

    private static Set<String> namesIn(List<String> sources) {
        return sources.stream()
                .flatMap(source -> Pattern.compile("\"((?:[a-z]+\\.)+[A-Z]\\w+)\"")
                        .matcher(source)
                        .results()
                        .map(found -> found.group(1)))
                .collect(Collectors.toSet());
    }
}
