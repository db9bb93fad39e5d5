package com.decentdb.importer.load;

import com.decentdb.importer.ImportException;
import com.decentdb.importer.ImportOptions;
import com.decentdb.importer.Unfinished;
import com.decentdb.importer.plan.Engine;
import com.decentdb.importer.source.Source.ExistingTable;
import com.decentdb.r2dbc.api.DecentDbOptions;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The database that is filled. */
interface Target extends AutoCloseable {

    /** As many symbolic links lead to a file at most. */
    int LINKS = 40;

    /** A database of the same engine to try statements on; nothing of it stays. */
    Engine trial();

    /** The database to write to. */
    Engine open();

    /** Rows for each transaction; 0 for one transaction. */
    int commitEvery();

    /** Whether nobody sees what is written until the import is complete. */
    boolean isHidden();

    /** Whether tables that exist are dropped first. */
    boolean replacesTables();

    boolean isCluster();

    /** The table of this name, which is there before the import; null if there is none, or if this import made it and goes on. */
    @Nullable
    ExistingTable existing(String table);

    /** Puts what was written, which is complete and closed, into its place. */
    void complete();

    /** Removes what was not completed. */
    @Override
    void close();

    /**
     * The target of an import.
     *
     * @param source the file that is read, which nothing may replace
     */
    static Target of(String url, ImportOptions choices, Path source) {
        ConnectionFactoryOptions options = ConnectionFactoryOptions.parse(url);
        if (choices.commitEvery() < ImportOptions.BY_TARGET) {
            throw new ImportException("--commit-every is " + choices.commitEvery()
                    + "; give the rows of a transaction, or 0 for one transaction");
        }
        if (choices.overwrite() && choices.unfinished() == Unfinished.RESUME) {
            throw new ImportException("--overwrite begins again, and --resume goes on; give one of them");
        }
        Object protocol = options.getValue(ConnectionFactoryOptions.PROTOCOL);
        if ("dqlite".equals(protocol)) {
            return new DatabaseTarget(options, choices);
        }
        boolean memory = "mem".equals(protocol);
        if (choices.overwrite() && memory) {
            throw new ImportException("--overwrite replaces a file, but the target is in memory; leave the option out");
        }
        @Nullable Path file = memory ? null : file(options);
        if (file != null && isSame(file, source)) {
            throw new ImportException("the source is the target, too; name another file as the target");
        }
        if (file == null || (Files.exists(file) && !choices.overwrite())) {
            if ("create".equals(options.getValue(DecentDbOptions.MODE)) && file != null) {
                throw new ImportException("the file " + file
                        + " exists, and the option mode is 'create'; give --overwrite to replace it");
            }
            return new DatabaseTarget(options, choices);
        }
        if ("open".equals(options.getValue(DecentDbOptions.MODE)) && !Files.exists(file)) {
            throw new ImportException(
                    "there is no file " + file + ", and the option mode is 'open'; leave the option out");
        }
        return new FileTarget(options, file, choices.commitEvery());
    }

    private static boolean isSame(Path one, Path other) {
        try {
            return Files.exists(one) && Files.isSameFile(one, other);
        } catch (IOException e) {
            throw new ImportException(0, "the target cannot be read: " + e, e);
        }
    }

    private static boolean hasHost(ConnectionFactoryOptions options) {
        Object host = options.getValue(ConnectionFactoryOptions.HOST);
        return host != null && !host.toString().isEmpty();
    }

    private static Path file(ConnectionFactoryOptions options) {
        Object name = options.getValue(ConnectionFactoryOptions.DATABASE);
        if (name == null || name.toString().isBlank() || hasHost(options)) {
            throw new ImportException(
                    "the target names no file; write r2dbc:decentdb:////var/lib/app.ddb, with four slashes, or three for a relative path");
        }
        String text = name.toString();
        Path path = Path.of(text.startsWith("~/") ? System.getProperty("user.home") + text.substring(1) : text)
                .toAbsolutePath();
        path = followed(path);
        Path folder = path.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new ImportException("the folder " + folder + " of the target does not exist; make it first");
        }
        if (Files.isDirectory(path)) {
            throw new ImportException("the target " + path + " is a folder; name a file in it");
        }
        return path;
    }

    /** The file that a symbolic link is for, which takes the place of no link when it is made. */
    private static Path followed(Path path) {
        Path place = path;
        try {
            for (int links = 0; Files.isSymbolicLink(place); links++) {
                if (links == LINKS) {
                    throw new ImportException("the target " + path + " is a symbolic link that leads nowhere");
                }
                place = place.resolveSibling(Files.readSymbolicLink(place)).normalize();
            }
        } catch (IOException e) {
            throw new ImportException(0, "the target " + path + " cannot be read: " + e, e);
        }
        return place;
    }

    /** A database in memory of the engine that these options name. */
    static Engine memory(ConnectionFactoryOptions options) {
        ConnectionFactoryOptions.Builder memory = ConnectionFactoryOptions.parse(
                        "r2dbc:decentdb:mem:///decentdb-import-" + UUID.randomUUID())
                .mutate();
        if (options.hasOption(DecentDbOptions.NATIVE_LIBRARY)) {
            memory.option(
                    DecentDbOptions.NATIVE_LIBRARY, String.valueOf(options.getValue(DecentDbOptions.NATIVE_LIBRARY)));
        }
        return new Engine(memory.build());
    }
}
