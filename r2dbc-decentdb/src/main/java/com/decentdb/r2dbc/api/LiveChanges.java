package com.decentdb.r2dbc.api;

import java.util.List;
import java.util.Set;

/**
 * How the result of a live query differs from the one before, row by row. Rows are the same if their keys are equal, and
 * have changed if they themselves are not; in what order they come makes no difference.
 *
 * @param <T> what its rows were mapped to
 * @param added rows with keys that were not there before, in the order of the query; at first all of them
 * @param changed rows that differ from those of the same keys before, as they are now, in the order of the query
 * @param removed rows with keys that are not there any more, as they were
 * @param reason why the query was read
 * @param tables the tables that commits touched meanwhile
 */
public record LiveChanges<T>(
        List<T> added, List<T> changed, List<T> removed, LiveResult.Reason reason, Set<String> tables) {}
