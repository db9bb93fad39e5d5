package com.decentdb.examples.quickstart;

import java.io.Console;
import java.lang.reflect.Method;

/** A line that redraws itself on a terminal and stays silent anywhere else. */
final class ProgressBar {

    private static final int WIDTH = 40;

    private final boolean terminal = isTerminal();

    void show(long done, long total, String note) {
        if (terminal) {
            int filled = (int) (WIDTH * done / Math.max(1, total));
            System.out.printf(
                    "\r  [%s%s] %,d of %,d  %s", "#".repeat(filled), ".".repeat(WIDTH - filled), done, total, note);
            System.out.flush();
        }
    }

    void end() {
        if (terminal) {
            System.out.println();
        }
    }

    /** Since JDK 22 a console may exist without a terminal; it then says so itself. */
    @SuppressWarnings("SystemConsoleNull") // null before 22, asked below from then on
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            Method isTerminal = Console.class.getMethod("isTerminal");
            return (boolean) isTerminal.invoke(console);
        } catch (ReflectiveOperationException before22) {
            return true;
        }
    }
}
