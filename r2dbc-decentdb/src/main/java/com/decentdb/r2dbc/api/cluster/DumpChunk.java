package com.decentdb.r2dbc.api.cluster;

import java.nio.ByteBuffer;

/**
 * A piece of a file of a dump. The pieces of a file follow one another without gaps; a file of no bytes has one, empty piece.
 *
 * @param file the name of the file: that of the database, and the same with {@code -wal}
 * @param offset where in the file the piece begins
 * @param size how many bytes the whole file has
 * @param bytes the piece; read-only
 */
public record DumpChunk(String file, long offset, long size, ByteBuffer bytes) {}
