package com.decentdb.importer;

import static java.util.Objects.requireNonNull;

import com.decentdb.r2dbc.DecentDb;
import com.decentdb.r2dbc.api.DecentDbConnection;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The databases before and after an import. */
final class Databases {

    private Databases() {}

    static String url(Path file) {
        return "r2dbc:decentdb:///" + file.toAbsolutePath();
    }

    static String resource(String name) {
        try (InputStream in = requireNonNull(Databases.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path file(Path folder, String name, String text) {
        try {
            return Files.writeString(folder.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A database of SQLite, made by the statements, of which each ends a line with its semicolon. */
    static Path sqlite(Path file, String script) {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            for (String sql : script.split(";\\s*\n(?!END)", -1)) {
                if (!sql.isBlank()) {
                    statement.executeUpdate(sql);
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return file;
    }

    /** Rows of a target, with every value as its text. */
    static List<List<@Nullable String>> texts(Path file, String sql) {
        return texts(url(file) + "?linger=0", sql);
    }

    static List<List<@Nullable String>> texts(String url, String sql) {
        return requireNonNull(with(
                url,
                connection -> Flux.from(connection.createStatement(sql).execute())
                        .concatMap(result -> result.map((row, metadata) -> {
                            List<@Nullable String> values = new ArrayList<>();
                            for (int i = 0; i < metadata.getColumnMetadatas().size(); i++) {
                                values.add(row.get(i, String.class));
                            }
                            return values;
                        }))
                        .collectList()));
    }

    static List<String> column(Path file, String sql) {
        return column(url(file) + "?linger=0", sql);
    }

    static List<String> column(String url, String sql) {
        return texts(url, sql).stream().map(row -> String.valueOf(row.get(0))).toList();
    }

    /** Whether the engine is the bundled one; the reason for a difference stands beside the assumption. */
    static boolean bundled() {
        return requireNonNull(Mono.usingWhen(
                        DecentDb.connect("r2dbc:decentdb:mem:///which-engine"),
                        connection ->
                                Mono.just(connection.getMetadata().engine().bundled()),
                        DecentDbConnection::close)
                .block());
    }

    static List<String> indexes(Path file) {
        return requireNonNull(with(
                file,
                connection ->
                        connection.listIndexes().map(index -> index.name()).collectList()));
    }

    /** The columns of a table, each with its type. */
    static List<String> columns(Path file, String table) {
        return requireNonNull(with(
                file,
                connection -> connection
                        .tableColumns(table)
                        .map(column -> column.name() + " " + column.type())
                        .collectList()));
    }

    static <T> @Nullable T with(Path file, Function<DecentDbConnection, Mono<T>> work) {
        return with(url(file) + "?linger=0", work);
    }

    static <T> @Nullable T with(String url, Function<DecentDbConnection, Mono<T>> work) {
        return Mono.usingWhen(DecentDb.connect(url), work, DecentDbConnection::close)
                .block();
    }

    /** A file of CSV with numbered rows {@code id,name}. */
    static Path numbered(Path file, int rows) {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            out.write("id,name\n");
            for (int i = 1; i <= rows; i++) {
                out.write(i + ",the name of the item with the number " + i + "\n");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    /** Starts the program in a JVM of its own. */
    static Process program(Path log, List<String> before, String... arguments) {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                "com.decentdb.importer.Main"));
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names of the files in a folder. */
    static List<String> files(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
