package com.decentdb.r2dbc.embedded.write;

import com.decentdb.r2dbc.embedded.lane.Lane;
import com.decentdb.r2dbc.embedded.lane.ReadLanes;
import org.jspecify.annotations.Nullable;

/**
 * Where the statements of a session run: on the lanes all share, or on the one it is pinned to.
 *
 * @param writer runs what holds the write lease
 * @param readers give lanes to what needs no lease; null if everything takes turns on the writer
 * @param committer commits statements outside transactions on the writer
 */
public record SessionLanes(Lane writer, @Nullable ReadLanes readers, GroupCommitter committer) {}
