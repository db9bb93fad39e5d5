package com.decentdb.r2dbc.embedded.lane;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Errors;
import java.util.function.Supplier;

/** The savepoint of the driver's own within the open transaction of a lane; in a task of the lane. */
public final class Savepoint {

    private static final String NAME = "decentdb_driver";
    private static final SqlCommand SET = SqlCommand.of("SAVEPOINT " + NAME);
    private static final SqlCommand ROLL_BACK = SqlCommand.of("ROLLBACK TO SAVEPOINT " + NAME);
    private static final SqlCommand RELEASE = SqlCommand.of("RELEASE SAVEPOINT " + NAME);
    private static final Value[] NO_ARGUMENTS = {};

    private Savepoint() {}

    /** Initialises this class, which is needed first when something failed. */
    public static void prepare() {
        // A call does.
    }

    public static void set(Lane lane) {
        run(lane, SET);
    }

    public static void release(Lane lane) {
        run(lane, RELEASE);
    }

    /** Undoes all since it was set, and releases it. */
    public static void undo(Lane lane) {
        run(lane, ROLL_BACK);
        release(lane);
    }

    /**
     * Keeps all that the work does, or nothing of it if it fails. The whole transaction is lost if the engine has given it up with the
     * failure, or cannot undo it.
     */
    public static <T> T around(Lane lane, Supplier<T> work) {
        set(lane);
        try {
            T result = work.get();
            release(lane);
            return result;
        } catch (Throwable e) {
            undoAfter(lane, e);
            throw e;
        }
    }

    private static void undoAfter(Lane lane, Throwable failure) {
        try {
            if (lane.call(NativeDatabase::inTransaction)) {
                undo(lane);
            }
        } catch (Throwable e) {
            lane.rollback();
            if (e != failure && failure != Errors.outOfMemory()) {
                failure.addSuppressed(e);
            }
        }
    }

    private static void run(Lane lane, SqlCommand control) {
        lane.run(control, NO_ARGUMENTS, 1);
    }
}
