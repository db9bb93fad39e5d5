package com.decentdb.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A folder for databases, on the disk of the project: the system's folder for temporary files may be in memory, where a
 * sync costs nothing.
 *
 * @param path where it is, absolute
 */
public record DataFolder(Path path) implements AutoCloseable {

    public static DataFolder create() throws IOException {
        Path target = Files.createDirectories(Path.of("target"));
        return new DataFolder(Files.createTempDirectory(target, "data").toAbsolutePath());
    }

    /** The sizes of its files together. */
    long bytes() throws IOException {
        try (Stream<Path> paths = Files.walk(path)) {
            return paths.map(Path::toFile)
                    .filter(File::isFile)
                    .mapToLong(File::length)
                    .sum();
        }
    }

    /** Deletes it with all that is in it. */
    @Override
    public void close() throws IOException {
        try (Stream<Path> paths = Files.walk(path)) {
            for (Path each : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}
