package com.decentdb.ffi;

import java.util.LinkedHashSet;
import java.util.Set;

/** Explains why native code could not be linked: the linker's own words, and what usually helps. */
final class LinkFailure {

    private static final String[] FOREIGN = {
        "wrong ELF class", "Exec format", "incompatible architecture", "Possible cause:"
    };
    private static final String[] NO_GLIBC = {"ld-linux", "GLIBC_", "Error relocating", "libc.so.6"};
    private static final String[] DAMAGED = {"invalid ELF header", "file too short", "not a mach-o", "not a valid Win32"
    };
    private static final String[] INCOMPLETE = {"cannot open shared object file", "Error loading shared library"};
    private static final String[] NOT_EXECUTABLE = {"failed to map segment", "Operation not permitted"};

    private LinkFailure() {}

    /** Returns the reason in one line. */
    static String explain(Throwable error) {
        String text = String.valueOf(error.getMessage());
        Set<String> lines = new LinkedHashSet<>();
        for (String line : text.split("\n", -1)) {
            // JNA's own resource search says nothing about a library that it did not open.
            if (!line.isBlank() && !line.startsWith("Native library (")) {
                lines.add(line.strip());
            }
        }
        String reason = String.join(" ", lines);
        if (error instanceof NoClassDefFoundError && !text.contains("Could not initialize")) {
            return "the class " + reason + " is missing; is JNA on the class path?";
        }
        return reason + remedy(reason);
    }

    private static String remedy(String reason) {
        if (containsAny(reason, FOREIGN)) {
            return "; it was built for another processor or system";
        }
        if (containsAny(reason, NO_GLIBC)) {
            return "; it needs glibc of a sufficient version, which systems such as Alpine lack";
        }
        if (containsAny(reason, NOT_EXECUTABLE)) {
            return "; its file system may be mounted with noexec: put it in a folder that allows executable files";
        }
        if (containsAny(reason, DAMAGED)) {
            return "; it is not a library of this system, or damaged";
        }
        if (containsAny(reason, INCOMPLETE)) {
            return "; a library that it needs is missing: install it, ldd shows which";
        }
        return "";
    }

    private static boolean containsAny(String text, String[] parts) {
        for (String part : parts) {
            if (text.contains(part)) {
                return true;
            }
        }
        return false;
    }
}
