package com.decentdb.r2dbc.embedded;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Declares to BlockHound, where it is installed, that native calls block, and that handing work to a thread does not: an
 * executor holds its lock for a few instructions only.
 */
public final class DecentDbBlockHoundIntegration implements BlockHoundIntegration {

    private static final String FFI = "com.decentdb.ffi.";
    private static final String DRIVER = "com.decentdb.r2dbc.";

    /** Called by the service loader. */
    public DecentDbBlockHoundIntegration() {}

    @Override
    public void applyTo(BlockHound.Builder builder) {
        // Every call on a native handle enters it first. JNA binds the native methods themselves, so they are left as
        // they are.
        builder.markAsBlocking(FFI + "NativeHandle", "enter", "()J")
                .markAsBlocking(FFI + "NativeHandle", "free", "()V")
                .markAsBlocking(
                        FFI + "NativeLibrary", "load", "(Ljava/nio/file/Path;)L" + internal("NativeLibrary") + ";")
                .markAsBlocking(
                        FFI + "NativeLibrary",
                        "open",
                        "(Ljava/lang/String;L" + internal("OpenMode") + ";Ljava/lang/String;)L"
                                + internal("NativeDatabase") + ";")
                .allowBlockingCallsInside(DRIVER + "delivery.threads.Workers", "execute")
                .allowBlockingCallsInside(DRIVER + "embedded.write.WriteQueue", "submitted")
                .allowBlockingCallsInside(DRIVER + "delivery.threads.DriverThreads", "later")
                .allowBlockingCallsInside(DRIVER + "embedded.open.OpenDatabases$Reference", "release");
    }

    private static String internal(String name) {
        return FFI.replace('.', '/') + name;
    }
}
