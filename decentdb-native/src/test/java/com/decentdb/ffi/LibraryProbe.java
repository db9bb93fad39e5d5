package com.decentdb.ffi;

import java.nio.file.Path;

/** A program of its own, because a JVM binds one library only: loads what it is told to and prints what it got. */
final class LibraryProbe {

    private LibraryProbe() {}

    public static void main(String[] args) {
        try {
            NativeLibrary library = NativeLibrary.load(args.length == 0 ? null : Path.of(args[0]));
            System.out.println("LOADED " + library.source() + " " + library.abiVersion() + " " + library.path());
            for (int i = 1; i < args.length; i++) {
                NativeLibrary again = NativeLibrary.load(Path.of(args[i]));
                System.out.println("SAME " + (again == library));
            }
            try (NativeDatabase db = library.open(":memory:", OpenMode.OPEN_OR_CREATE, "");
                    NativeResult result = db.execute("SELECT 1", Parameters.of(0))) {
                System.out.println("SELECTED " + result.rows().int64(0, 0));
            }
        } catch (NativeLibraryException e) {
            System.out.println("REFUSED " + e.getMessage());
        }
    }
}
