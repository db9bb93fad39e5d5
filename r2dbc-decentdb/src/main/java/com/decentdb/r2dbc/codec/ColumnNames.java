package com.decentdb.r2dbc.codec;

/** The names of the columns of a result, for messages. */
@FunctionalInterface
public interface ColumnNames {

    /** The name of a column, counted from 0. */
    String name(int column);
}
