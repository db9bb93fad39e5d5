package com.decentdb.benchmarks;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Arguments of a program: words, and pairs such as {@code round=2s}. */
public final class Arguments {

    private final Map<String, String> given = new HashMap<>();

    public Arguments(String[] arguments) {
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            given.put(parts[0], parts.length == 2 ? parts[1] : "");
        }
    }

    /** Takes a word; returns whether it was there. */
    public boolean take(String word) {
        return given.remove(word) != null;
    }

    /** Takes the value of a name. */
    public <T> T take(String name, T otherwise, Function<String, T> reader) {
        String value = given.remove(name);
        return value == null ? otherwise : reader.apply(value);
    }

    public boolean isEmpty() {
        return given.isEmpty();
    }

    /** Fails if something was not taken. */
    public void end() {
        if (!given.isEmpty()) {
            throw new IllegalArgumentException("no such argument: " + given.keySet());
        }
    }

    public static List<String> list(String value) {
        return List.of(value.split(",", -1));
    }

    public static List<Integer> numbers(String value) {
        return list(value).stream().map(Integer::valueOf).toList();
    }

    /** Reads a time such as {@code 1.5s} or {@code 2m}. */
    public static Duration time(String value) {
        return Duration.parse("PT" + value);
    }
}
