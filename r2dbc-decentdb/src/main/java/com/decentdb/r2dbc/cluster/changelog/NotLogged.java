package com.decentdb.r2dbc.cluster.changelog;

import io.r2dbc.spi.R2dbcBadGrammarException;

/** Changes of a table are not recorded, or not all of them. */
public final class NotLogged extends R2dbcBadGrammarException {

    private static final long serialVersionUID = 1L;

    private NotLogged(String message) {
        super(message, "0A000", 0);
    }

    static NotLogged none(String table) {
        return new NotLogged(
                "Changes of the table " + table + " are not recorded on this dqlite cluster. Let them be with"
                        + " DecentDb.cluster(url).enableChangeLog(\"" + table
                        + "\"), or watch the table or a query, which is to be read again"
                        + " when anything may have changed");
    }

    static NotLogged nothing() {
        return new NotLogged("No table of this dqlite cluster has its changes recorded. Let them be with"
                + " DecentDb.cluster(url).enableChangeLog(table), or watch a table or a query, which is to be read again when anything"
                + " may have changed");
    }

    static NotLogged changed(String table) {
        return new NotLogged("The table " + table
                + " was altered, or given another unique index, since its change log was enabled, which"
                + " does not record it as it is now. Call DecentDb.cluster(url).enableChangeLog(\"" + table
                + "\") again");
    }
}
