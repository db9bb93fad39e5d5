package com.decentdb.r2dbc.processes;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes a row in a transaction, as the driver does, says so, and commits as soon as its input ends. */
final class LockHolder {

    private LockHolder() {}

    @SuppressWarnings("try") // The lock is held until it is closed.
    public static void main(String[] args) throws IOException {
        NativeLibrary library = NativeLibrary.load(null);
        try (FileChannel lock = FileChannel.open(
                        Path.of(args[0] + ".r2dbc-lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                NativeDatabase database = library.open(args[0], OpenMode.OPEN, "")) {
            if (!library.bundled()) {
                // A transaction of DecentDB locks nothing until it commits, so the driver has a lock of its own.
                lock.lock();
            }
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
