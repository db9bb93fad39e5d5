package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The licences in the jar are those of the crates that are linked into the engine, in their versions. */
class ThirdPartyTests {

    private static final Path ENGINE = Path.of(System.getProperty("test.engine.folder"));
    private static final Pattern CRATE = Pattern.compile("name = \"(.+?)\"\nversion = \"(.+?)\"");
    private static final Pattern DEPENDENCIES = Pattern.compile("dependencies = \\[\n(.*?)]", Pattern.DOTALL);

    @Test
    void theNoticesListEachCrateThatTheEngineDependsOn() throws IOException {
        Set<String> listed = Pattern.compile("^- (\\S+ \\d\\S*), ", Pattern.MULTILINE)
                .matcher(Files.readString(ENGINE.resolve("THIRD-PARTY.txt")))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(listed)
                .as("mvn -pl decentdb-native -Dengine.refresh process-resources writes the notices anew")
                .isEqualTo(locked());
    }

    @Test
    void theLicencesAreAmongTheResources() {
        for (String name : List.of("LICENSE", "THIRD-PARTY.txt")) {
            assertThat(ThirdPartyTests.class.getResource("/META-INF/" + name))
                    .as(name)
                    .isNotNull();
        }
    }

    /** The crates that Cargo.lock leads to from the dependencies that Cargo.toml names. */
    private static Set<String> locked() throws IOException {
        Map<String, List<String>> crates = new LinkedHashMap<>();
        for (String block : Files.readString(ENGINE.resolve("Cargo.lock")).split("\\[\\[package]]\n", -1)) {
            MatchResult crate = CRATE.matcher(block).results().findFirst().orElse(null);
            if (crate != null) {
                crates.put(
                        crate.group(1) + " " + crate.group(2),
                        DEPENDENCIES
                                .matcher(block)
                                .results()
                                .flatMap(found -> Arrays.stream(found.group(1).split("\n", -1)))
                                .map(line -> line.replaceAll("[\", ]+$|^[\" ]+", ""))
                                .filter(line -> !line.isEmpty())
                                .toList());
            }
        }
        Set<String> found = new TreeSet<>();
        Deque<String> left = new ArrayDeque<>(direct());
        while (!left.isEmpty()) {
            String wanted = left.remove();
            String crate = crates.keySet().stream()
                    .filter(each -> each.equals(wanted) || each.startsWith(wanted + " "))
                    .findFirst()
                    .orElseThrow();
            if (found.add(crate)) {
                left.addAll(Objects.requireNonNull(crates.get(crate)));
            }
        }
        return found;
    }

    private static List<String> direct() throws IOException {
        String manifest = Files.readString(ENGINE.resolve("Cargo.toml"));
        String section = manifest.substring(manifest.indexOf("\n[dependencies]\n") + 16);
        return Pattern.compile("^([\\w-]+) = ", Pattern.MULTILINE)
                .matcher(section.substring(0, section.indexOf("\n[")))
                .results()
                .map(each -> each.group(1))
                .toList();
    }
}
