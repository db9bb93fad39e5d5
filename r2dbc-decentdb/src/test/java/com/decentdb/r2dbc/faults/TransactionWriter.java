package com.decentdb.r2dbc.faults;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import java.io.IOException;

/** A process that inserts rows, each in a transaction, and prints how many the engine acknowledged. */
final class TransactionWriter {

    static final int ROWS = 300;

    private TransactionWriter() {}

    /** Arguments: the file, and the first id. Begins when its input ends. */
    public static void main(String[] args) throws IOException {
        long first = Long.parseLong(args[1]);
        int acknowledged = 0;
        try (NativeDatabase database = NativeLibrary.load(null).open(args[0], OpenMode.OPEN, "")) {
            System.out.println("READY");
            while (System.in.read() >= 0) {
                // The test closes the stream.
            }
            for (long id = first; id < first + ROWS; id++) {
                try {
                    database.begin();
                    database.execute("INSERT INTO t VALUES (" + id + ")", Parameters.of(0))
                            .close();
                    database.commit();
                    acknowledged++;
                } catch (NativeException e) {
                    if (database.inTransaction()) {
                        database.rollback();
                    }
                }
            }
        }
        System.out.println(acknowledged);
    }
}
