package com.decentdb.r2dbc.api.cluster;

/**
 * A value of a storage class that makes a node abort when it is selected, because of the declared type of its column.
 *
 * @param rowId the rowid of its row
 * @param column the name of its column
 * @param declaredType {@code BOOLEAN}, {@code DATETIME}, {@code DATE} or {@code TIMESTAMP}, as declared
 * @param storageClass what {@code typeof} says of the value, such as {@code text}
 */
public record UnreadableValue(long rowId, String column, String declaredType, String storageClass) {}
