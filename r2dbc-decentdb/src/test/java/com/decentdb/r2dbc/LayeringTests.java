package com.decentdb.r2dbc;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The dependencies between the packages of the driver, read from its class files. */
class LayeringTests {

    private static final String DRIVER = "com.decentdb.r2dbc";
    private static final String NATIVE = "com.decentdb.ffi..";

    /** The packages of the driver, each with those beneath it; the root package alone. */
    private static final Map<String, String> ROOMS = Map.ofEntries(
            Map.entry("entry", DRIVER),
            Map.entry("api", DRIVER + ".api.."),
            Map.entry("sql", DRIVER + ".sql.."),
            Map.entry("codec", DRIVER + ".codec.."),
            Map.entry("transport", DRIVER + ".transport.."),
            Map.entry("delivery", DRIVER + ".delivery.."),
            Map.entry("settings", DRIVER + ".settings.."),
            Map.entry("result", DRIVER + ".result.."),
            Map.entry("connection", DRIVER + ".connection.."),
            Map.entry("live", DRIVER + ".live.."),
            Map.entry("embedded", DRIVER + ".embedded.."),
            Map.entry("cluster", DRIVER + ".cluster.."),
            Map.entry("spring", DRIVER + ".spring.."));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("com.decentdb");

    @ParameterizedTest
    @CsvSource({
        "api,",
        "sql,",
        "codec, api",
        "transport, api codec sql",
        "delivery, transport",
        "settings, api sql transport",
        "result, api codec transport delivery",
        "connection, api codec sql transport delivery settings result",
        "live, api codec sql transport delivery settings result connection",
        "embedded, api codec sql transport delivery settings",
        "cluster, api codec sql transport delivery settings",
        "spring, api codec",
    })
    void roomsUseOnlyTheRoomsBeneathThem(String room, @Nullable String beneath) {
        List<String> allowed = beneath == null
                ? List.of()
                : Pattern.compile(" ").splitAsStream(beneath).toList();
        String[] forbidden = ROOMS.entrySet().stream()
                .filter(other -> !other.getKey().equals(room) && !allowed.contains(other.getKey()))
                .map(Map.Entry::getValue)
                .toArray(String[]::new);

        check(noClasses()
                .that()
                .resideInAPackage(ROOMS.get(room))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden));
    }

    @Test
    void onlyTheEmbeddedTransportReachesNativeCode() {
        check(noClasses()
                .that()
                .resideInAPackage(DRIVER + "..")
                .and()
                .resideOutsideOfPackage(ROOMS.get("embedded"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(NATIVE));
    }

    @Test
    void theDriverLeavesNativeCallsToTheGateway() {
        check(noClasses()
                .that()
                .resideInAPackage(DRIVER + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.sun.jna..", "java.lang.foreign.."));
    }

    @Test
    void roomsHaveNoCircles() {
        check(slices().matching(DRIVER + ".(*)..").should().beFreeOfCycles());
    }

    @ParameterizedTest
    @CsvSource({"meter, lane write watch open", "lane, write watch open", "write, watch open", "watch, open", "open,"})
    void partsOfTheEmbeddedTransportUseOnlyThoseBeforeThem(String parts, @Nullable String after) {
        List<String> forbidden = new ArrayList<>(List.of(DRIVER + ".embedded"));
        words(after).forEach(part -> forbidden.add(DRIVER + ".embedded." + part));

        for (String part : words(parts)) {
            check(noClasses()
                    .that()
                    .resideInAPackage(DRIVER + ".embedded." + part)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(forbidden.toArray(String[]::new)));
        }
    }

    @Test
    void threadsKnowNothingOfWhatTheyRun() {
        check(noClasses()
                .that()
                .resideInAPackage(DRIVER + ".delivery.threads")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(DRIVER + ".delivery"));
    }

    @Test
    void everyClassLivesInARoom() {
        Stream<String> packages = CLASSES.stream()
                .map(each -> each.getPackageName())
                .filter(name -> name.startsWith(DRIVER + "."))
                .map(name -> name.substring(DRIVER.length() + 1).replaceFirst("\\..*", ""))
                .distinct();

        assertThat(packages).allSatisfy(name -> assertThat(ROOMS).containsKey(name));
        assertThat(CLASSES.stream().anyMatch(each -> each.getPackageName().equals("com.decentdb.ffi")))
                .isTrue();
    }

    private static List<String> words(@Nullable String text) {
        return text == null
                ? List.of()
                : Pattern.compile(" ").splitAsStream(text).toList();
    }

    private static void check(ArchRule rule) {
        rule.check(CLASSES);
    }
}
