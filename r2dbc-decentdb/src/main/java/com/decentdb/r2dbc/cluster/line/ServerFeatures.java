package com.decentdb.r2dbc.cluster.line;

import com.decentdb.r2dbc.transport.Errors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The features that the leader has.
 *
 * @param manyParameters whether more than 255, which came with 1.15
 * @param returning whether RETURNING is executed and replicated, which is certain from 1.18.4 on
 * @param dqlite the version of dqlite, as far as it shows
 * @param sqlite the version of SQLite
 */
public record ServerFeatures(boolean manyParameters, boolean returning, String dqlite, String sqlite) {

    /** For a leader that was not asked yet: the least that any has. */
    public static final ServerFeatures UNKNOWN = new ServerFeatures(false, false, "of unknown version", "");

    private static final Pattern VERSION = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})(?:\\.(\\d{1,3}))?");

    /** The features of a version, with that of SQLite still unknown. */
    static ServerFeatures of(String version) {
        Matcher parts = VERSION.matcher(version);
        if (!parts.matches()) {
            throw Errors.of("08001", "'" + version + "' is no version", null);
        }
        int patch = parts.group(3) == null ? 0 : Integer.parseInt(parts.group(3));
        int number = (Integer.parseInt(parts.group(1)) * 1000 + Integer.parseInt(parts.group(2))) * 1000 + patch;
        return new ServerFeatures(number >= 1_015_000, number >= 1_018_004, version, "");
    }

    /** The features that probes found. */
    static ServerFeatures probed(boolean manyParameters, boolean authorizer) {
        String version = authorizer ? "1.18.4+" : manyParameters ? "1.15+" : "< 1.15";
        return new ServerFeatures(manyParameters, authorizer, version, "");
    }

    ServerFeatures withSqlite(String version) {
        return new ServerFeatures(manyParameters, returning, dqlite, version);
    }

    /** Whether a text is {@code auto} or a version. */
    public static boolean isVersion(String text) {
        return text.equals("auto") || VERSION.matcher(text).matches();
    }

    /** For users. */
    @Override
    public String toString() {
        return sqlite.isEmpty() ? dqlite : dqlite + " (SQLite " + sqlite + ")";
    }
}
