package com.decentdb.r2dbc.api.cluster;

import java.time.Duration;
import java.util.Objects;

/**
 * How much the change log of a database keeps, of all its tables together. What is more is removed from its beginning, about 64 changes
 * at a time, when further changes are written.
 *
 * @param rows how many changes of rows it keeps, at least 1
 * @param age how long it keeps a change, in whole seconds, at least 1
 */
public record ChangeLogLimits(long rows, Duration age) {

    /** 100,000 changes of rows, none older than a week. */
    public static final ChangeLogLimits DEFAULT = new ChangeLogLimits(100_000, Duration.ofDays(7));

    /**
     * Limits.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public ChangeLogLimits {
        Objects.requireNonNull(age, "age");
        if (rows < 1) {
            throw new IllegalArgumentException("A change log keeps 1 row at least, not " + rows);
        }
        if (age.toSeconds() < 1) {
            throw new IllegalArgumentException("A change log keeps a change for a second at least, not for " + age);
        }
    }
}
