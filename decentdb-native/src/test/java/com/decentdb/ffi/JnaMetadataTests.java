package com.decentdb.ffi;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The metadata by which GraalVM keeps what is reached by name alone lists all of that, and nothing that is not there. */
@SuppressWarnings("unchecked")
class JnaMetadataTests {

    private static final String FILE = "/META-INF/native-image/com.decentdb/decentdb-native/reachability-metadata.json";

    private final Map<String, Object> metadata = read();

    private static Map<String, Object> read() {
        try (InputStream json = requireNonNull(JnaMetadataTests.class.getResourceAsStream(FILE))) {
            return JSON.std.mapFrom(json);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Map<String, Object>> list(Map<String, Object> of, String name) {
        return (List<Map<String, Object>>) requireNonNull(of.get(name));
    }

    private Map<String, Object> type(Class<?> type) {
        return list(metadata, "reflection").stream()
                .filter(each -> type.getName().equals(each.get("type")))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void everyClassIsThere() {
        assertThat(list(metadata, "reflection"))
                .extracting(each -> (String) each.get("type"))
                .allSatisfy(name -> {
                    String file = name.replace('.', '/') + ".java";
                    assertThat(Stream.of("src/main/java", "src/main/java22")
                                    .anyMatch(root -> Files.exists(Path.of(root, file))))
                            .as(name)
                            .isTrue();
                });
    }

    @Test
    void everyNativeMethodIsListed() {
        Set<String> natives = Arrays.stream(JnaAbi.class.getDeclaredMethods())
                .filter(method -> Modifier.isNative(method.getModifiers()))
                .map(method -> method.getName() + types(method))
                .collect(Collectors.toSet());

        assertThat(list(type(JnaAbi.class), "methods").stream()
                        .map(method -> method.get("name") + "" + method.get("parameterTypes"))
                        .collect(Collectors.toSet()))
                .isEqualTo(natives);
        assertThat(natives).hasSizeGreaterThan(50);
        assertThat(type(JnaAbi.class)).containsEntry("jniAccessible", true);
        assertThat(type(Abi.class)).containsEntry("allDeclaredMethods", true);
    }

    private static List<String> types(Method method) {
        return Arrays.stream(method.getParameterTypes()).map(Class::getTypeName).toList();
    }

    @Test
    void everyDowncallIsListed() {
        Set<List<String>> calls = Arrays.stream(Abi.class.getDeclaredMethods())
                .filter(method -> method.getName().startsWith("ddb_"))
                .map(method -> Stream.concat(
                                Stream.of(method.getReturnType()), Arrays.stream(method.getParameterTypes()))
                        .map(JnaMetadataTests::layout)
                        .toList())
                .collect(Collectors.toCollection(HashSet::new));
        // strlen
        calls.add(List.of("jlong", "jlong"));

        assertThat(list((Map<String, Object>) requireNonNull(metadata.get("foreign")), "downcalls").stream()
                        .map(call -> Stream.concat(
                                        Stream.of((String) call.get("returnType")),
                                        ((List<String>) requireNonNull(call.get("parameterTypes"))).stream())
                                .toList())
                        .collect(Collectors.toSet()))
                .isEqualTo(calls);
    }

    private static String layout(Class<?> type) {
        return type == byte[].class ? "jlong" : "j" + type.getName();
    }

    @Test
    void theEngineIsListed() {
        String engine = EnginePlatform.name() + "/" + System.mapLibraryName("decentdb");
        List<String> globs = list(metadata, "resources").stream()
                .map(each -> (String) each.get("glob"))
                .toList();

        assertThat(List.of(engine, engine + ".sha256"))
                .allSatisfy(resource -> assertThat(globs)
                        .anyMatch(glob -> FileSystems.getDefault()
                                .getPathMatcher("glob:" + glob)
                                .matches(Path.of(resource))));
        assertThat(getClass().getClassLoader().getResource(engine)).isNotNull();
    }
}
