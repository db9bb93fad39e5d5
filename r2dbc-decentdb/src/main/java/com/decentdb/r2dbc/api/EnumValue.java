package com.decentdb.r2dbc.api;

/**
 * A value of an {@code ENUM} column as the engine stores it: read where the schema has no labels, and on request. Usually a label is read and bound as {@code String} or as a constant of a Java enum.
 *
 * @param typeId the engine's identifier of the list of labels
 * @param labelId the position of the label in that list, from 0
 */
public record EnumValue(long typeId, long labelId) {}
