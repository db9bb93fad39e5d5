package com.decentdb.benchmarks.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The time from the start of a process to the first row out of a database that is there already. */
final class FirstQuery {

    private final String key;
    private final Path folder;
    private final List<String> command;

    FirstQuery(String key, List<String> program, Path data) {
        this.key = key;
        this.folder = data.resolve(key + "-first");
        this.command = new ArrayList<>(program);
        command.add(folder.toString());
        command.add("first");
    }

    String key() {
        return key;
    }

    /** Starts the process; returns nanoseconds. The first time creates the database. */
    long run() throws IOException, InterruptedException {
        Files.createDirectories(folder);
        long start = System.nanoTime();
        Process process =
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        try (BufferedReader answers =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = answers.readLine();
            long nanos = System.nanoTime() - start;
            if (!"row".equals(line)) {
                throw new IOException(key + " gave no row: " + line);
            }
            return nanos;
        } finally {
            process.waitFor();
        }
    }
}
