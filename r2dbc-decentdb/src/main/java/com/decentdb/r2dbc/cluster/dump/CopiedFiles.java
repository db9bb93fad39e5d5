package com.decentdb.r2dbc.cluster.dump;

import com.decentdb.r2dbc.api.cluster.DumpChunk;
import com.decentdb.r2dbc.delivery.threads.DriverThreads;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Writes the files of a dump. They have temporary names until all of them are durable, and get their own then, the database as the
 * last: whenever that is there, its log is too. All work on files is done by the driver's workers, one piece after another.
 */
public final class CopiedFiles {

    private static final int CHUNKS_AHEAD = 4;
    private static final String LOG = "-wal";
    /** SQLite would take these for parts of the copy. */
    private static final List<String> COMPANIONS = List.of("", LOG, "-shm", "-journal");

    private final Path target;
    private final String database;
    /** By the ends of their names to be. */
    private final Map<String, Path> temporary = new HashMap<>();
    /** To be deleted if there is no copy in the end. */
    private final Set<Path> made = new HashSet<>();

    private @Nullable FileChannel channel;
    private @Nullable String suffix;

    private CopiedFiles(Path target, String database) {
        this.target = target;
        this.database = database;
    }

    /**
     * Writes the files; nothing is left behind by an error or a cancellation.
     *
     * @param chunks the dump
     * @param path of the database; neither it nor what SQLite keeps beside it may exist
     * @param database the name of the database in the dump
     */
    public static Mono<Void> write(Flux<DumpChunk> chunks, Path path, String database) {
        return Mono.defer(() -> {
            Scheduler files = Schedulers.fromExecutor(DriverThreads.newSerial());
            CopiedFiles copy = new CopiedFiles(path.toAbsolutePath(), database);
            Mono<Void> discarded = Mono.<Void>fromRunnable(copy::discard).subscribeOn(files);
            Mono<Void> written = Mono.<Void>fromRunnable(copy::begin)
                    .subscribeOn(files)
                    .thenMany(chunks)
                    .publishOn(files, CHUNKS_AHEAD)
                    .doOnNext(copy::add)
                    .then(Mono.fromRunnable(copy::finish));
            return Mono.usingWhen(
                    Mono.just(copy),
                    begun -> written,
                    begun -> Mono.empty(),
                    (begun, error) -> discarded,
                    begun -> discarded);
        });
    }

    private void begin() {
        Path folder = target.getParent();
        if (folder == null) {
            throw failed("it is no name of a file", null);
        }
        if (!Files.isDirectory(folder)) {
            throw failed("there is no folder " + folder, null);
        }
        for (String companion : COMPANIONS) {
            if (Files.exists(beside(companion), LinkOption.NOFOLLOW_LINKS)) {
                throw exists(beside(companion));
            }
        }
    }

    private void add(DumpChunk chunk) {
        String part = suffix(chunk.file());
        try {
            if (!part.equals(suffix)) {
                closeDurable();
                String mark = "." + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".tmp";
                Path file = beside(part + mark);
                channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
                suffix = part;
                made.add(file);
                temporary.put(part, file);
            }
            FileChannel open = channel;
            ByteBuffer bytes = chunk.bytes();
            while (open != null && bytes.hasRemaining()) {
                open.write(bytes);
            }
        } catch (IOException e) {
            throw failed(reason(e), e);
        }
    }

    private String suffix(String file) {
        String part = file.equals(database) ? "" : file.equals(database + LOG) ? LOG : null;
        if (part == null || (!part.equals(suffix) && temporary.containsKey(part))) {
            throw Errors.of("08P01", "The dump of '" + database + "' has an unexpected file '" + file + "'", null);
        }
        return part;
    }

    private void finish() {
        Path copy = temporary.get("");
        Path log = temporary.get(LOG);
        if (copy == null) {
            throw Errors.of("58000", "The leader has no database '" + database + "' to copy", null);
        }
        try {
            closeDurable();
            if (log != null) {
                publish(log, beside(LOG));
            }
            publish(copy, beside(""));
            syncFolder();
        } catch (FileAlreadyExistsException e) {
            throw exists(Path.of(e.getFile()));
        } catch (IOException e) {
            throw failed(reason(e), e);
        }
        made.clear();
    }

    /** Gives a file its name, unless there is another one with it. */
    private void publish(Path file, Path name) throws IOException {
        try {
            Files.createLink(name, file);
            made.add(name);
            Files.deleteIfExists(file);
        } catch (FileAlreadyExistsException e) {
            throw new FileAlreadyExistsException(name.toString());
        } catch (FileSystemException | UnsupportedOperationException e) {
            // A file system without links; its renaming may overwrite what another program makes at this very moment.
            Files.move(file, name);
            made.add(name);
        }
    }

    private void closeDurable() throws IOException {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            try (open) {
                open.force(true);
            }
        }
    }

    private void syncFolder() throws IOException {
        try (FileChannel folder = FileChannel.open(beside("").getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        } catch (AccessDeniedException e) {
            // Windows opens no folder, and does not lose a name.
            return;
        }
    }

    /** Deletes what was written. */
    private void discard() {
        FileChannel open = channel;
        channel = null;
        try (open) {
            for (Path file : made) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw failed("what was written of it cannot be deleted: " + reason(e), e);
        }
        made.clear();
    }

    private Path beside(String part) {
        return target.resolveSibling(target.getFileName() + part);
    }

    private R2dbcException exists(Path file) {
        return failed("the file " + file + " already exists", null);
    }

    private R2dbcException failed(String why, @Nullable Throwable cause) {
        return Errors.of("58030", "cannot save to " + target + ": " + why, 0, null, cause);
    }

    private static String reason(IOException e) {
        return String.valueOf(e.getMessage() == null ? e : e.getMessage());
    }
}
