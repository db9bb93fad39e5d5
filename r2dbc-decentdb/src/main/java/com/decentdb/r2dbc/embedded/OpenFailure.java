package com.decentdb.r2dbc.embedded;

import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.Status;
import com.decentdb.r2dbc.embedded.engine.NativeErrors;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says why a database could not be opened. */
final class OpenFailure {

    static final String NOTHING_TO_OPEN = ": it does not exist, and mode=open creates nothing; use mode=openOrCreate";

    private OpenFailure() {}

    /** Names the database that could not be opened, and the reason as far as the file system shows one. */
    static RuntimeException explain(RuntimeException e, EmbeddedConfig config) {
        if (!(e instanceof NativeException refusal)) {
            return e;
        }
        R2dbcException mapped = NativeErrors.map(e, null);
        Path path = config.path();
        boolean badOption = refusal.status() == Status.SQL;
        return Errors.of(
                badOption ? "08001" : String.valueOf(mapped.getSqlState()),
                "Cannot open the database " + config.described() + (path == null ? "" : reason(path, config)) + " ("
                        + config.withNameOfKey(String.valueOf(mapped.getMessage())) + ")",
                mapped.getErrorCode(),
                null,
                e);
    }

    private static String reason(Path path, EmbeddedConfig config) {
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null && !Files.isDirectory(directory)) {
            return ": the directory " + directory + " does not exist; create it";
        } else if (Files.isDirectory(path)) {
            return ": it is a directory";
        } else if (Files.exists(path) && !Files.isReadable(path)) {
            return ": the file is not readable for this user";
        } else if (!Files.exists(path) && config.mode() == EmbeddedConfig.Mode.OPEN) {
            return NOTHING_TO_OPEN;
        } else if (Files.exists(path) && config.mode() == EmbeddedConfig.Mode.CREATE) {
            return ": it exists already, and mode=create overwrites nothing; use mode=openOrCreate";
        }
        return "";
    }
}
