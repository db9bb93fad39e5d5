package com.decentdb.r2dbc.connection;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Refuses arguments of methods that cannot be meant, by name. */
public final class Arguments {

    private Arguments() {}

    /**
     * The argument itself.
     *
     * @param what its name in the message
     * @throws IllegalArgumentException if it is null
     */
    public static <T> T required(@Nullable T argument, String what) {
        if (argument == null) {
            throw new IllegalArgumentException("The " + what + " must not be null");
        }
        return argument;
    }

    /** Refuses a text that is null or empty. */
    static void notEmpty(@Nullable String text, String what) {
        if (text == null || text.isEmpty()) {
            throw new IllegalArgumentException("The " + what + " must not be null or empty");
        }
    }

    /**
     * The names of tables as a list.
     *
     * @throws IllegalArgumentException if there is no array or one of them is null
     */
    public static List<String> tables(@Nullable String @Nullable [] names) {
        for (String name : required(names, "array of tables")) {
            required(name, "name of a table");
        }
        return List.of(names);
    }
}
