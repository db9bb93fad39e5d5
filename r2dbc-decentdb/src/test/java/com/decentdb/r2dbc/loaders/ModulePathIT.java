package com.decentdb.r2dbc.loaders;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.ChildJvm;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that is a module uses the jars as modules: what is public is there, and nothing else. */
class ModulePathIT {

    private static final long SECONDS = 60;

    /** The jars that a program needs for a database in its process, by the beginnings of their names. */
    private static final List<String> NEEDED = List.of(
            "r2dbc-decentdb-",
            "decentdb-native-",
            "jackson-core-",
            "jackson-jr-objects-",
            "jna-",
            "netty-common-",
            "reactive-streams-1",
            "reactor-core-",
            "reactor-pool-",
            "r2dbc-pool-",
            "r2dbc-spi-1");

    private static final String MODULE = """
            module app {
                requires com.decentdb.r2dbc;
            }
            """;

    private static final String PROGRAM = """
            package app;

            import com.decentdb.r2dbc.DecentDb;
            import com.decentdb.r2dbc.api.DecentDbConnection;
            import io.r2dbc.spi.ConnectionFactories;
            import reactor.core.publisher.Flux;
            import reactor.core.publisher.Mono;

            public class Main {

                public static void main(String[] arguments) throws Exception {
                    var factory = ConnectionFactories.get("r2dbc:decentdb:mem:///found");
                    System.out.println(factory.getMetadata().getName());
                    System.out.println(Mono.usingWhen(
                            DecentDb.connect("r2dbc:decentdb:mem:///modules"),
                            connection -> connection.fetchValue("SELECT 'a row'", String.class),
                            DecentDbConnection::close)
                            .block());
                    Module driver = DecentDb.class.getModule();
                    System.out.println(driver.getPackages().stream()
                            .filter(driver::isExported)
                            .sorted()
                            .toList());
                }
            }
            """;

    @TempDir
    Path folder;

    private String modules = "";

    @BeforeEach
    void findModules() {
        modules = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry ->
                        NEEDED.stream().anyMatch(Path.of(entry).getFileName().toString()::startsWith))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private int compile(Map<String, String> sources) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "-proc:none",
                "-cp",
                "",
                "-p",
                modules,
                "-d",
                folder.resolve("app").toString()));
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Path file = folder.resolve(source.getKey());
            arguments.add(Files.writeString(file, source.getValue()).toString());
        }
        return requireNonNull(ToolProvider.getSystemJavaCompiler())
                .run(null, null, null, arguments.toArray(String[]::new));
    }

    @Test
    void aModularProgramRuns() throws Exception {
        assertThat(compile(Map.of("module-info.java", MODULE, "Main.java", PROGRAM)))
                .isZero();

        ChildJvm.Outcome outcome = ChildJvm.ofModule(
                        modules + File.pathSeparator + folder.resolve("app"), "app/app.Main")
                .run(folder, SECONDS);

        assertThat(outcome.ended()).isTrue();
        assertThat(outcome.output()).isEqualToNormalizingNewlines("""
                        DecentDB
                        a row
                        [com.decentdb.r2dbc, com.decentdb.r2dbc.api, com.decentdb.r2dbc.api.cluster, \
                        com.decentdb.r2dbc.api.schema, com.decentdb.r2dbc.spring]
                        """);
    }

    @Test
    void whatIsInternalCannotBeUsed() throws IOException {
        String internal = "package app; class Internal { com.decentdb.r2dbc.transport.Session session; }";

        assertThat(compile(Map.of("module-info.java", MODULE, "Internal.java", internal)))
                .isNotZero();
    }
}
