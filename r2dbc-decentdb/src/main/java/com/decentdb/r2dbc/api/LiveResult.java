package com.decentdb.r2dbc.api;

import java.util.List;
import java.util.Set;

/**
 * The whole result of a live query and why it was read.
 *
 * @param <T> what its rows were mapped to
 * @param rows the rows, in the order of the query
 * @param reason why it was read; of several reasons the first one in the order of {@link Reason}
 * @param tables the tables that commits touched since the last result; empty in the first one, not complete if
 *     subscribers lagged
 */
public record LiveResult<T>(List<T> rows, Reason reason, Set<String> tables) {

    /** Why a live query was read. */
    public enum Reason {
        /** It is the first result. */
        INITIAL,
        /** The schema changed. */
        SCHEMA_CHANGED,
        /** There were too many commits to report them one by one. */
        LAGGED,
        /** Commits touched tables it reads. */
        CHANGED
    }
}
