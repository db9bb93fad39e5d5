package com.decentdb.r2dbc.embedded.write;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.embedded.lane.FileGuard;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The driver's own lock between processes, and between class loaders, for an engine that does not keep their writes apart: a
 * lock on a file beside the database, which stays there. Processes that write by other means know nothing of it. Thread-safe.
 */
public final class ProcessLock implements FileGuard {

    private static final String SUFFIX = ".r2dbc-lock";
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final String REFUSAL = "busy.r2dbc_lock";

    private final Path file;
    private @Nullable FileChannel channel;
    private @Nullable FileLock held;

    public ProcessLock(Path database) {
        this.file = database.resolveSibling(database.getFileName() + SUFFIX);
    }

    @Override
    public void beginWriting(NativeDatabase handle, Consumer<NativeDatabase> begin) {
        take();
        boolean begun = false;
        try {
            begin.accept(handle);
            begun = true;
        } finally {
            if (!begun) {
                ended();
            }
        }
    }

    @Override
    public <T extends @Nullable Object> T alone(NativeDatabase handle, Supplier<T> write) {
        take();
        try {
            return write.get();
        } finally {
            ended();
        }
    }

    /** Waits a little for another process: a lane has nothing else to do before its handle is open. */
    @Override
    public <T> T opening(Supplier<T> open) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            try {
                take();
                break;
            } catch (NativeException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw e;
                }
                LockSupport.parkNanos(this, PAUSE_NANOS);
            } catch (R2dbcException e) {
                // There can be no file here, and the engine says why.
                return open.get();
            }
        }
        try {
            return open.get();
        } finally {
            ended();
        }
    }

    @Override
    public boolean refused(Throwable error) {
        return error instanceof NativeException e && e.subcode().equals(REFUSAL);
    }

    private synchronized void take() {
        // A program may leave its interrupt behind in a worker, and an interrupted thread would close the file.
        boolean interrupted = Thread.interrupted();
        FileLock lock;
        try {
            lock = held == null ? lock() : null;
        } catch (IOException e) {
            throw Errors.of("58030", "The lock file " + file + " cannot be used: " + e, 0, null, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (lock == null) {
            throw new NativeException(
                    Status.BUSY,
                    REFUSAL,
                    "55P03",
                    "Another process, or another class loader with this driver, writes to the database",
                    true,
                    null,
                    Map.of());
        }
        held = lock;
    }

    private @Nullable FileLock lock() throws IOException {
        FileChannel open = channel;
        if (open == null || !open.isOpen()) {
            open = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel = open;
        }
        try {
            return open.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        } catch (VirtualMachineError e) {
            // There may be a lock that no object stands for, and it goes with the file.
            close();
            throw e;
        }
    }

    @Override
    public synchronized void ended() {
        FileLock lock = held;
        held = null;
        if (lock != null) {
            try {
                lock.release();
            } catch (Throwable e) {
                // Without its file the lock is gone, too.
                close();
            }
        }
    }

    /** Lets go of the file; the next use opens it again. */
    public synchronized void close() {
        FileChannel open = channel;
        channel = null;
        held = null;
        try {
            if (open != null) {
                open.close();
            }
        } catch (Throwable e) {
            // The system lets go of a file even if closing it fails.
            return;
        }
    }
}
