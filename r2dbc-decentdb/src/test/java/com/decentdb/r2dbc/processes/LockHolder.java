package com.decentdb.r2dbc.processes;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import java.io.IOException;

/** Writes a row in a transaction, says so, and commits as soon as its input ends. */
final class LockHolder {

    private LockHolder() {}

    public static void main(String[] args) throws IOException {
        try (NativeDatabase database = NativeLibrary.load(null).open(args[0], OpenMode.OPEN, "")) {
            database.beginWriting();
            database.execute("INSERT INTO t VALUES (1)", Parameters.of(0)).close();
            System.out.println("LOCKED");
            while (System.in.read() >= 0) {
                // The test closes the stream.
            }
            database.commit();
        }
    }
}
