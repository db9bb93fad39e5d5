package com.decentdb.r2dbc.runtime;

import org.jspecify.annotations.Nullable;

/**
 * Where the statements of a session run: on the lanes all share, or on the one it is pinned to.
 *
 * @param writer runs what holds the write lease
 * @param readers give lanes to what needs no lease; null if everything takes turns on the writer
 * @param committer commits statements outside transactions on the writer
 */
record Lanes(Lane writer, @Nullable Readers readers, GroupCommitter committer) {}
