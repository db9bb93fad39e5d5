package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.decentdb.ffi.AbiLoader.Binding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

/** The way to call native code that a program gets, and the one it asks for. */
class BindingChoiceTests {

    @TempDir
    Path folder;

    @Test
    void theUserMayNameJna() throws Exception {
        assertThat(probe("-Ddecentdb.ffi=jna")).contains("THROUGH jna", "SELECTED 1");
    }

    @Test
    void anyOtherNameIsRefused() throws Exception {
        assertThat(probe("-Ddecentdb.ffi=other")).contains("REFUSED -Ddecentdb.ffi=other is neither jna nor foreign");
    }

    @Test
    void anEngineThatIsNoLibraryIsRefusedWithTheReasonOfTheSystem() throws Exception {
        Path text = Files.writeString(folder.resolve("libtext.so"), "not a library");
        assertThat(probe("-Ddecentdb.native.lib=" + text)).contains("REFUSED", "file too short");
    }

    @Test
    @EnabledForJreRange(max = JRE.JAVA_21)
    void anOlderJavaSaysThatItCannotDoOtherwise() throws Exception {
        assertThat(probe("-Ddecentdb.ffi=foreign")).contains("REFUSED -Ddecentdb.ffi=foreign needs Java 22 or newer");
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    void theUserMayNameJavasOwnWay() throws Exception {
        assertThat(probe("-Ddecentdb.ffi=foreign", "--enable-native-access=ALL-UNNAMED"))
                .contains("THROUGH foreign", "SELECTED 1")
                .doesNotContain("WARNING");
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void whereTheJvmRefusesNativeAccessTheErrorNamesTheOptionThatAllowsIt() throws Exception {
        assertThat(probe("--illegal-native-access=deny"))
                .contains("REFUSED Illegal native access", "Start the JVM with --enable-native-access=ALL-UNNAMED");
    }

    @Test
    void whereTheFirstWayIsRefusedTheNextIsUsed() {
        Binding refused = new Way("first", "not here");
        Binding allowed = new Way("second", null);

        assertThat(AbiLoader.firstThatStarts(List.of(refused, allowed), null)).isSameAs(allowed);
    }

    @Test
    void whereAllWaysAreRefusedTheErrorIsThatOfTheFirst() {
        List<Binding> ways = List.of(new Way("first", "not here"), new Way("second", "nor there"));

        assertThatExceptionOfType(NativeLibraryException.class)
                .isThrownBy(() -> AbiLoader.firstThatStarts(ways, null))
                .withMessage("not here")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .singleElement()
                        .hasToString(NativeLibraryException.class.getName() + ": nor there"));
    }

    private record Way(String name, @Nullable String refusal) implements Binding {

        @Override
        public boolean preferred() {
            return true;
        }

        @Override
        public void start(@Nullable Path unused) {
            if (refusal != null) {
                throw new NativeLibraryException(refusal, null);
            }
        }

        @Override
        public AbiLoader.Library open(String fileOrName) {
            throw new UnsatisfiedLinkError(fileOrName);
        }
    }

    private String probe(String... options) throws Exception {
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("-cp", System.getProperty("java.class.path")));
        Path output = folder.resolve("output");
        return LibraryProbe.finish(LibraryProbe.start(Map.of(), all, output), output);
    }
}
